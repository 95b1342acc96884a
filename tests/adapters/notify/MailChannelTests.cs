using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using CapOrleans.Notify;
using MimeKit;

namespace CapOrleans.Tests.Notify;

/// <summary>Deliveries by mail, to a real SMTP server.</summary>
public sealed class MailChannelTests
{
    [Fact]
    public async Task A_delivery_is_one_message_whose_id_is_the_same_for_each_attempt()
    {
        await using var sink = MailSink.Start();
        Assert.True((await SendAsync($"smtp://127.0.0.1:{sink.Port}",
            title: "[high] WEB-01 I-1: größer\r\nBcc: x@evil.example")).Delivered);
        var message = await sink.NextAsync();
        Assert.Equal(
            ("[high] WEB-01 I-1: größerBcc: x@evil.example", "log.1.7@capo.example", "caporleans@capo.example", "oncall@desk.example",
                "auto-generated"),
            (message.Subject, message.MessageId, message.From.Mailboxes.Single().Address, message.To.Mailboxes.Single().Address,
                message.Headers[HeaderId.AutoSubmitted]));
        Assert.Equal("Is größer", message.TextBody!.TrimEnd());
        Assert.Empty(message.Bcc);
    }

    [Fact]
    public async Task A_refused_recipient_is_a_failure_with_the_server_s_words()
    {
        await using var sink = MailSink.Start();
        var outcome = await SendAsync($"smtp://127.0.0.1:{sink.Port}", $"mailto:{MailSink.Refused}");
        Assert.Equal((DeliveryFault.Status, null), (outcome.Fault, outcome.Code));
        Assert.StartsWith("550 ", outcome.Answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_and_a_password_are_sent_over_TLS_alone()
    {
        using var certificate = Certificate();
        await using var sink = MailSink.Start(certificate);
        var user = $"{Uri.EscapeDataString(MailSink.User)}:{Uri.EscapeDataString(MailSink.Password)}";
        var outcome = await SendAsync($"smtp://{user}@localhost:{sink.Port}");
        Assert.Equal(DeliveryFault.NoAnswer, outcome.Fault); // nobody vouches for its certificate
        Assert.Contains("is its certificate trusted", outcome.Answer, StringComparison.Ordinal);
        var refused = await SendAsync($"smtp://x:y@localhost:{sink.Port}", trusts: certificate);
        Assert.Equal((DeliveryFault.NoAnswer, "The mail server refused the user or the password."), (refused.Fault, refused.Answer));
        Assert.True((await SendAsync($"smtp://{user}@localhost:{sink.Port}", trusts: certificate)).Delivered);
        Assert.Equal("oncall@desk.example", (await sink.NextAsync()).To.Mailboxes.Single().Address);
    }

    [Fact]
    public async Task A_server_that_is_away_or_says_nothing_is_no_answer_or_a_timeout()
    {
        Assert.Equal(DeliveryFault.NoAnswer, (await SendAsync($"smtp://127.0.0.1:{Child.FreePort()}")).Fault);
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var time = new CountedTime();
        var sending = SendAsync($"smtp://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}", time: time);
        await Eventually.TrueAsync(() => time.Timers > 0);
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(DeliveryFault.Timeout, (await sending).Fault);
    }

    private static X509Certificate2 Certificate()
    {
        using var made = TestCertificates.Authority("CN=localhost");
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private static async Task<DeliveryOutcome> SendAsync(
        string server, string to = "mailto:oncall@desk.example", string title = "Test",
        X509Certificate2? trusts = null, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var mail = new MailChannel(new MailSettings(new Uri(server), "caporleans@capo.example"), time)
        {
            CertificateCheck = trusts is null ? null : (_, given, _, _) => given!.GetCertHashString() == trusts.GetCertHashString(),
        };
        using var sender = new WebhookSender(new ReceiverNetworks([]), WebhookSecret.Parse(WebhookSecret.Create()), time, mail);
        return await sender.TryAsync(
            new Delivery("log/1/7", new Uri(to), Encoding.UTF8.GetBytes("Is größer\n"), "text/plain", new SigningSecrets("a1", [1]),
                title), default);
    }
}
