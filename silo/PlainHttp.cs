namespace CapOrleans.Silo;

/// <summary>HTTP clients that follow no redirect, keep no cookie and know no proxy.</summary>
internal static class PlainHttp
{
    /// <summary>Of an answer that is read whole; more, and the call fails.</summary>
    private const int MaxAnswerBytes = 16 << 20;

    public static HttpClient Client(TimeSpan timeout) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = timeout,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };
}
