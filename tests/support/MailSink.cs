using System.Buffers;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using MimeKit;
using SmtpServer;
using SmtpServer.Authentication;
using SmtpServer.Mail;
using SmtpServer.Protocol;
using SmtpServer.Storage;

namespace CapOrleans.Tests.Support;

/// <summary>A real SMTP server that keeps what it receives; it knows one user, and refuses one recipient.</summary>
public sealed class MailSink : IAsyncDisposable, IMessageStore, IUserAuthenticator, IMailboxFilter
{
    public const string User = "desk@local", Password = "s:e/c", Refused = "nobody@desk.example";

    private readonly CancellationTokenSource stop = new();
    private readonly Channel<MimeMessage> received = Channel.CreateUnbounded<MimeMessage>();
    private Task running = Task.CompletedTask;

    public int Port { get; } = Child.FreePort();

    /// <param name="certificate">For STARTTLS, and a user is required; null for neither.</param>
    public static MailSink Start(X509Certificate2? certificate = null)
    {
        var sink = new MailSink();
        var services = new SmtpServer.ComponentModel.ServiceProvider();
        services.Add((IMessageStore)sink);
        services.Add((IUserAuthenticator)sink);
        services.Add((IMailboxFilter)sink);
        var options = new SmtpServerOptionsBuilder().ServerName("sink").Endpoint(endpoint =>
        {
            endpoint.Endpoint(new IPEndPoint(IPAddress.Loopback, sink.Port));
            if (certificate is not null)
            {
                endpoint.Certificate(certificate).AuthenticationRequired().AllowUnsecureAuthentication(false);
            }
        }).Build();
        var server = new SmtpServer.SmtpServer(options, services);
        sink.running = server.StartAsync(sink.stop.Token);
        return sink;
    }

    public async Task<MimeMessage> NextAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        return await received.Reader.ReadAsync(timeout.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    async Task<SmtpResponse> IMessageStore.SaveAsync(
        ISessionContext context, IMessageTransaction transaction, ReadOnlySequence<byte> buffer, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream(buffer.ToArray());
        received.Writer.TryWrite(await MimeMessage.LoadAsync(bytes, cancellationToken));
        return SmtpResponse.Ok;
    }

    Task<bool> IUserAuthenticator.AuthenticateAsync(ISessionContext context, string user, string password,
        CancellationToken cancellationToken) =>
        Task.FromResult((user, password) == (User, Password));

    Task<bool> IMailboxFilter.CanAcceptFromAsync(ISessionContext context, IMailbox from, int size, CancellationToken cancellationToken) =>
        Task.FromResult(true);

    Task<bool> IMailboxFilter.CanDeliverToAsync(
        ISessionContext context, IMailbox to, IMailbox from, CancellationToken cancellationToken) =>
        Task.FromResult($"{to.User}@{to.Host}" != Refused);
}
