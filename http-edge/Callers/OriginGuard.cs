using Microsoft.AspNetCore.Http;

namespace CapOrleans.HttpEdge.Callers;

/// <summary>Whether a page of another site makes a call that may change something: browsers send what they know of an operator along.</summary>
public static class OriginGuard
{
    public static bool IsOtherSite(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && (IsCrossSite(request) || IsOtherOrigin(request));

    private static bool IsCrossSite(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "same-origin" && site != "none";

    private static bool IsOtherOrigin(HttpRequest request) =>
        request.Headers.Origin is { Count: > 0 } origin && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
}
