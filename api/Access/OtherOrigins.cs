using CapOrleans.Core.Access;
using CapOrleans.HttpEdge.Callers;
using Microsoft.AspNetCore.Authorization;

namespace CapOrleans.Api.Access;

/// <summary>
/// A page of another site must not act as the operator whose browser shows it: browsers send what they know of an operator along, and
/// on loopback some calls need nothing.
/// </summary>
internal static class OtherOrigins
{
    /// <summary>After authentication: what counts is who the caller is, not which headers a request has.</summary>
    /// <param name="isOpen">Some calls need no key: then only by a name of this machine.</param>
    public static void RefuseOtherOrigins(this IApplicationBuilder app, bool isOpen) => app.Use((context, next) =>
        OriginGuard.IsOtherSite(context.Request)
            ? Problems.Of(StatusCodes.Status403Forbidden, "other-origin", "Origin", "A page of another site must not make this call.").ExecuteAsync(context)
        : isOpen && NeedsKey(context) && context.User.Identity is not { IsAuthenticated: true } && !LoopbackHost.Is(context.Request.Host.Host)
            ? Problems.Of(StatusCodes.Status403Forbidden, "other-host", "Host", "Without an API key, this machine is called by a loopback name; see Auth__OpenReadsOnLoopback.").ExecuteAsync(context)
        : next(context));

    private static bool NeedsKey(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is { Policy: not OperatorAccess.Anyone };
}
