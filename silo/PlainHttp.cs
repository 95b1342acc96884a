using System.Net.Security;

namespace CapOrleans.Silo;

/// <summary>HTTP clients that follow no redirect, keep no cookie and know no proxy.</summary>
internal static class PlainHttp
{
    /// <summary>Of an answer that is read whole; more, and the call fails.</summary>
    private const int MaxAnswerBytes = 16 << 20;

    /// <param name="isTrusted">Whose certificate is taken; null for those of the machine's authorities.</param>
    public static HttpClient Client(TimeSpan timeout, RemoteCertificateValidationCallback? isTrusted = null) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = isTrusted },
    })
    {
        Timeout = timeout,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };
}
