using CapOrleans.HttpEdge.Callers;

namespace CapOrleans.Gate;

/// <summary>Who may see what waits at the gate, and try dead letters again.</summary>
internal static class GateAccess
{
    private const string Bearer = "Bearer ";

    /// <summary>A page in a browser, which must not act for the operator who looks at it.</summary>
    public static bool IsOfAPage(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && (request.Headers.Origin.Count > 0 || OriginGuard.IsOtherSite(request));

    /// <summary>The gate's token, or, where the gate is open, a call of this machine that nothing passed on.</summary>
    public static bool IsOperator(HttpRequest request, GateOptions options)
    {
        var header = request.Headers.Authorization.ToString();
        return (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && options.Token.Is(header[Bearer.Length..].Trim()))
            || (options.IsOpen && LocalCaller.Is(request.HttpContext));
    }
}
