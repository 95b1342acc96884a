using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Gate;

/// <summary>A bound on what one address may send, so that one runaway or stranger cannot fill the spool before the others.</summary>
internal static class AddressLimit
{
    public static void UseAddressLimit(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (app.Services.GetRequiredService<AddressRateLimit>() is var limit && limit.Take(context, 1) is null)
        {
            await next(context);
            return;
        }

        await RefuseAsync(context, limit.PerSecond);
    });

    public static Task RefuseAsync(HttpContext context, int perSecond)
    {
        context.Response.Headers.RetryAfter = "1";
        return GateProblems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "",
            $"At most {perSecond} requests per second from one address; each KiB of a body counts as one.").ExecuteAsync(context);
    }
}
