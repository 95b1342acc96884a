namespace CapOrleans.Silo;

/// <summary>HTTP clients that follow no redirect, keep no cookie and know no proxy.</summary>
internal static class PlainHttp
{
    public static HttpClient Client(TimeSpan timeout) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = timeout,
    };
}
