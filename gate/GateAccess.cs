using CapOrleans.Gate.Settings;
using CapOrleans.HttpEdge.Callers;

namespace CapOrleans.Gate;

/// <summary>Decides who may read the gate's status and metrics, and who may retry or delete dead letters.</summary>
internal static class GateAccess
{
    private const string Bearer = "Bearer ";

    /// <summary>
    /// Whether a browser page makes a request that is not allowed to it: a read by another site's page without the
    /// token, or any change. Such a page must neither act for the operator who views it nor read what is open to
    /// programs on this machine.
    /// </summary>
    public static bool IsForbiddenPageRequest(HttpRequest request, GateOptions options) => OriginGuard.IsRead(request)
        ? OriginGuard.IsOtherSitesRead(request) && !HasToken(request, options)
        : request.Headers.Origin.Count > 0 || OriginGuard.IsOtherSite(request);

    /// <summary>
    /// Whether the request carries the gate's token or, where the gate is open, is a read from this machine that no
    /// proxy forwarded. A change always needs the token: a webhook, or anything else that makes this machine send a
    /// POST, does not have it.
    /// </summary>
    public static bool IsOperator(HttpRequest request, GateOptions options) =>
        HasToken(request, options) || (options.IsOpen && OriginGuard.IsRead(request) && LocalCaller.Is(request.HttpContext));

    private static bool HasToken(HttpRequest request, GateOptions options) =>
        request.Headers.Authorization.ToString() is var header
        && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && options.Token.Is(header[Bearer.Length..].Trim());
}
