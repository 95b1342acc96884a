using CapOrleans.Core.Access;
using Microsoft.AspNetCore.Authorization;

namespace CapOrleans.Api.Access;

/// <summary>
/// A page of another site must not act as the operator whose browser shows it: browsers send what they know of an operator along, and
/// on loopback some calls need nothing. What hosts sign is not affected.
/// </summary>
internal static class OtherOrigins
{
    /// <param name="isOpen">Some calls need no key: then only by a name of this machine.</param>
    public static void RefuseOtherOrigins(this IApplicationBuilder app, bool isOpen) => app.Use(async (context, next) =>
    {
        var request = context.Request;
        if (isOpen && !LoopbackHost.Is(request.Host.Host) && request.Headers.Authorization.Count == 0
            && context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is { Policy: not OperatorAccess.Anyone })
        {
            await Problems.Of(StatusCodes.Status403Forbidden, "other-host", "Host", "Without an API key, this machine is called by a loopback name; see Auth__OpenReadsOnLoopback.").ExecuteAsync(context);
            return;
        }

        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method)
            && context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is not null && IsOther(request))
        {
            await Problems.Of(StatusCodes.Status403Forbidden, "other-origin", "Origin", "A page of another site must not make this call.").ExecuteAsync(context);
            return;
        }

        await next(context);
    });

    private static bool IsOther(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"] == "cross-site"
        || (request.Headers.Origin is [{ } origin, ..] && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase));
}
