using CapOrleans.Gate.Settings;
using CapOrleans.HttpEdge.Callers;

namespace CapOrleans.Gate;

/// <summary>Who may see what waits at the gate, and retry dead letters.</summary>
internal static class GateAccess
{
    private const string Bearer = "Bearer ";

    /// <summary>A page in a browser, which must not act for the operator who looks at it, nor read what is open to this machine's programs.</summary>
    public static bool IsOfAPage(HttpRequest request, GateOptions options) => OriginGuard.IsRead(request)
        ? OriginGuard.IsOtherSitesRead(request) && !HasToken(request, options)
        : request.Headers.Origin.Count > 0 || OriginGuard.IsOtherSite(request);

    /// <summary>
    /// The gate's token; or, where the gate is open, a read from this machine that nothing passed on. What changes something always takes
    /// the token: a webhook, or anything else that makes this machine send a POST, has none.
    /// </summary>
    public static bool IsOperator(HttpRequest request, GateOptions options) =>
        HasToken(request, options) || (options.IsOpen && OriginGuard.IsRead(request) && LocalCaller.Is(request.HttpContext));

    private static bool HasToken(HttpRequest request, GateOptions options) =>
        request.Headers.Authorization.ToString() is var header
        && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && options.Token.Is(header[Bearer.Length..].Trim());
}
