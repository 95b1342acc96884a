using System.Net.Security;
using System.Net.Sockets;
using CapOrleans.Core.Access;
using CapOrleans.HttpEdge.Telemetry;

namespace CapOrleans.Silo;

/// <summary>HTTP clients without redirects, cookies or a proxy.</summary>
internal static class PlainHttp
{
    private const int MaxAnswerBytes = 16 << 20;

    /// <param name="isTrusted">Decides on a server's certificate; null to trust the machine's authorities.</param>
    /// <param name="own">
    /// Returns the certificate for a server that asks for one, for each connection; null for none.
    /// </param>
    /// <param name="fault">
    /// Returns why the peer of a plain connection must not be used, or null; null to use any.
    /// </param>
    /// <param name="maxAnswerBytes">Of an answer that is buffered; a larger one fails the call.</param>
    public static HttpClient Client(
        TimeSpan timeout, RemoteCertificateValidationCallback? isTrusted = null, Func<SslStreamCertificateContext>? own = null,
        Func<Socket, string?>? fault = null, int maxAnswerBytes = MaxAnswerBytes) => new(new SocketsHttpHandler
    {
        // The handler reads its own options once, and would present a certificate that has since been renewed.
        ConnectCallback = own is null && fault is null ? null
            : (context, cancellationToken) => ConnectAsync(context, isTrusted, own?.Invoke(), fault, cancellationToken),
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = new TraceParentPropagator(),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = isTrusted, CertificateChainPolicy = CertificatePolicy.TrustingMachine(),
        },
    })
    {
        Timeout = timeout,
        MaxResponseContentBufferSize = maxAnswerBytes,
    };

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, RemoteCertificateValidationCallback? isTrusted, SslStreamCertificateContext? own,
        Func<Socket, string?>? fault, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            var plain = new NetworkStream(socket, ownsSocket: true);
            if (context.InitialRequestMessage.RequestUri?.Scheme != Uri.UriSchemeHttps)
            {
                return fault?.Invoke(socket) is { } text ? throw new IOException(text) : plain;
            }

            var tls = new SslStream(plain);
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = context.DnsEndPoint.Host,
                    ClientCertificateContext = own,
                    RemoteCertificateValidationCallback = isTrusted,
                    CertificateChainPolicy = CertificatePolicy.TrustingMachine(),
                },
                cancellationToken);
            return tls;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
