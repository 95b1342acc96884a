using CapOrleans.Core.Access;
using Microsoft.AspNetCore.Authorization;

namespace CapOrleans.Api.Access;

/// <summary>On loopback some calls need no key: a page whose name was made to lead here (DNS rebinding) must not make them.</summary>
internal static class OtherHosts
{
    /// <summary>After authentication: what counts is who the caller is, not which headers a request has.</summary>
    /// <param name="isOpen">Some calls need no key: then only by a name of this machine.</param>
    public static void RefuseOtherHosts(this IApplicationBuilder app, bool isOpen) => app.Use((context, next) =>
        isOpen && NeedsKey(context) && context.User.Identity is not { IsAuthenticated: true } && !LoopbackHost.Is(context.Request.Host.Host)
            ? Problems.Of(StatusCodes.Status403Forbidden, "other-host", "Host", "Without an API key, this machine is called by a loopback name; see Auth__OpenReadsOnLoopback.").ExecuteAsync(context)
        : next(context));

    private static bool NeedsKey(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is { Policy: not OperatorAccess.Anyone };
}
