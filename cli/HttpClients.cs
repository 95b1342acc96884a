using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using CapOrleans.Client;

namespace CapOrleans.Cli;

/// <summary>
/// The HTTP clients of this command, all with the same limits: no redirects, responses of at most 16 MiB, and no proxy
/// for what stays on this machine, least of all when it carries a key.
/// </summary>
internal static class HttpClients
{
    public const int MaxAnswerBytes = 16 << 20;

    /// <param name="tls">Trusted authorities and own certificate, for https.</param>
    /// <param name="secret">
    /// Secret for a local program over plain HTTP, which must belong to a user that <see cref="LoopbackListener"/>
    /// accepts; null for none.
    /// </param>
    public static HttpClient Create(TimeSpan timeout, SslClientAuthenticationOptions tls, SentSecret? secret = null) =>
        Create(timeout, Handler(tls, secret));

    public static HttpClient Create(TimeSpan timeout, HttpMessageHandler handler) =>
        new(handler) { Timeout = timeout, MaxResponseContentBufferSize = MaxAnswerBytes };

    /// <inheritdoc cref="Create(TimeSpan, SslClientAuthenticationOptions, SentSecret?)"/>
    public static SocketsHttpHandler Handler(SslClientAuthenticationOptions tls, SentSecret? secret = null)
    {
        var handler = new SocketsHttpHandler { SslOptions = tls, AllowAutoRedirect = false, Proxy = new ProxyToOthers() };
        if (secret is not null)
        {
            handler.ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, secret, cancellationToken);
        }

        return handler;
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint server, SentSecret secret, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, cancellationToken);
            if (LoopbackListener.FindFault(socket, secret.File) is { } fault)
            {
                throw new CliFaultException(
                    ExitCodes.Misconfigured,
                    Printable.Line($"The {secret.What} was not sent: {fault}. Is the service down? If that program " +
                        "may have it, add --insecure-http."));
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The environment's proxy, for other machines only.</summary>
    private sealed class ProxyToOthers : IWebProxy
    {
        public ICredentials? Credentials
        {
            get => HttpClient.DefaultProxy.Credentials;
            set => throw new NotSupportedException("The environment says it.");
        }

        public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : HttpClient.DefaultProxy.GetProxy(destination);

        public bool IsBypassed(Uri host) => host.IsLoopback || HttpClient.DefaultProxy.IsBypassed(host);
    }
}
