using CapOrleans.Api.Answers;
using CapOrleans.Core.Access;
using CapOrleans.HttpEdge.Callers;
using Microsoft.AspNetCore.Authorization;

namespace CapOrleans.Api.Access;

/// <summary>
/// On loopback some calls need no key. These are refused to a page whose host name was made to resolve to this machine
/// (DNS rebinding), and to a page of another site.
/// </summary>
internal static class AnonymousCallGuard
{
    /// <summary>
    /// Runs after authentication: what counts is who the caller is, not which headers the request has.
    /// </summary>
    /// <param name="isOpen">Whether some calls need no key; only then is anything refused.</param>
    public static void RefuseForeignAnonymousCalls(this IApplicationBuilder app, bool isOpen) => app.Use((context, next) =>
        !isOpen || !NeedsKey(context) || context.User.Identity is { IsAuthenticated: true } ? next(context)
        : !LoopbackHost.IsLoopback(context.Request.Host.Host)
            ? Problems.Of(StatusCodes.Status403Forbidden, "other-host", "Host", "Without an API key, the Host header " +
                "must be a loopback name; see Auth__OpenReadsOnLoopback.").ExecuteAsync(context)
        : OriginGuard.IsOtherSitesRead(context.Request)
            ? Problems.Of(StatusCodes.Status403Forbidden, "other-origin", "Origin", "A page of another site cannot " +
                "read this without an API key.").ExecuteAsync(context)
        : next(context));

    private static bool NeedsKey(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is { Policy: not OperatorAccess.DecidedByEndpoint };
}
