using System.Net.Security;
using System.Net.Sockets;
using CapOrleans.Core.Access;
using CapOrleans.HttpEdge.Telemetry;

namespace CapOrleans.Silo;

/// <summary>HTTP clients that follow no redirect, keep no cookie and know no proxy.</summary>
internal static class PlainHttp
{
    private const int MaxAnswerBytes = 16 << 20;

    /// <param name="isTrusted">Whose certificate is taken; null for those of the machine's authorities.</param>
    /// <param name="own">What is shown to a server that asks for a certificate, for each connection; null for nothing.</param>
    /// <param name="fault">Why what a plain connection leads to is not spoken to, or null; null for whatever it is.</param>
    /// <param name="maxAnswerBytes">Of an answer that is read whole; more, and the call fails.</param>
    public static HttpClient Client(
        TimeSpan timeout, RemoteCertificateValidationCallback? isTrusted = null, Func<SslStreamCertificateContext>? own = null,
        Func<Socket, string?>? fault = null, int maxAnswerBytes = MaxAnswerBytes) => new(new SocketsHttpHandler
    {
        // The handler's own options are read once, and would show a certificate that was renewed since.
        ConnectCallback = own is null && fault is null ? null
            : (context, cancellationToken) => ConnectAsync(context, isTrusted, own?.Invoke(), fault, cancellationToken),
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = new TraceParentPropagator(),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = isTrusted, CertificateChainPolicy = CertificatePolicy.OfMachine(),
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
                    CertificateChainPolicy = CertificatePolicy.OfMachine(),
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
