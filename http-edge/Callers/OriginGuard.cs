using Microsoft.AspNetCore.Http;

namespace CapOrleans.HttpEdge.Callers;

/// <summary>
/// Whether a page of another site makes a call. Browsers attach an operator's credentials, and reach what only this
/// machine may reach; they reveal the page in <c>Origin</c> and <c>Sec-Fetch-Site</c>, which other programs do not
/// send.
/// </summary>
public static class OriginGuard
{
    /// <summary>Whether another site's page makes a call that may change something.</summary>
    public static bool IsOtherSite(HttpRequest request) => !IsRead(request) && (IsCrossSite(request) || IsOtherOrigin(request));

    /// <summary>
    /// Whether another site's page would use the answer of this read; for calls that need no key. A link that a user
    /// follows does not count: the answer becomes a page of its own.
    /// </summary>
    public static bool IsOtherSitesRead(HttpRequest request) =>
        IsRead(request) && (IsOtherOrigin(request) || (IsCrossSite(request) && request.Headers["Sec-Fetch-Dest"] != "document"));

    public static bool IsRead(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    private static bool IsCrossSite(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "same-origin" && site != "none";

    private static bool IsOtherOrigin(HttpRequest request) =>
        request.Headers.Origin is { Count: > 0 } origin && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
}
