using CapOrleans.Core.Access;

namespace CapOrleans.Gate;

/// <summary>Who may see what waits at the gate, and try dead letters again.</summary>
internal static class GateAccess
{
    private const string Bearer = "Bearer ";

    /// <summary>A page in a browser, which must not act for the operator who looks at it.</summary>
    public static bool IsOfAPage(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && (request.Headers.Origin.Count > 0 || request.Headers["Sec-Fetch-Site"] == "cross-site");

    /// <summary>The gate's token, or, where the gate is open, a call of this machine that nothing passed on.</summary>
    public static bool IsOperator(HttpRequest request, GateOptions options)
    {
        var header = request.Headers.Authorization.ToString();
        return (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && options.Token.Is(header[Bearer.Length..].Trim()))
            || (options.IsOpen && LoopbackHost.Is(request.Host.Host) && !IsForwarded(request.Headers));
    }

    /// <summary>A proxy on this machine calls from loopback, whoever stands behind it.</summary>
    private static bool IsForwarded(IHeaderDictionary headers) => headers.Keys.Any(name =>
        name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Via", StringComparison.OrdinalIgnoreCase)
        || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase));
}
