using System.Net.Security;
using CapOrleans.Core.Access;

namespace CapOrleans.Cli;

/// <summary>
/// HTTP as every command speaks it: no redirect, no answer that fills the memory, nothing fetched for a certificate, and no proxy for what
/// stays on this machine, least of all with a key.
/// </summary>
internal static class PlainHttp
{
    private const int MaxAnswerBytes = 16 << 20;

    /// <param name="url">What is called first.</param>
    /// <param name="tls">Whom to trust and what to show; null for the machine's authorities and nothing.</param>
    public static HttpClient Create(Uri url, TimeSpan timeout, SslClientAuthenticationOptions? tls = null) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = !url.IsLoopback,
        SslOptions = tls ?? new SslClientAuthenticationOptions { CertificateChainPolicy = CertificatePolicy.OfMachine() },
    })
    {
        Timeout = timeout,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };
}
