using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Text;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Access;
using CapOrleans.Core.Webhooks;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace CapOrleans.Notify;

/// <summary>The SMTP server that sends mail.</summary>
/// <param name="Server"><c>smtp://</c> (STARTTLS, which only a server on loopback may lack) or <c>smtps://</c>, with user and
/// password if it asks for them.</param>
public sealed record MailSettings(Uri Server, string From)
{
    public override string ToString() => Server.Host;
}

/// <summary>Sends deliveries to <c>mailto:</c> URLs, one connection each.</summary>
public sealed class MailChannel(MailSettings settings, TimeProvider time) : IDeliveryChannel
{
    public string Scheme => Uri.UriSchemeMailto;

    /// <summary>Checks the server's certificate; null for the system's own check.</summary>
    public RemoteCertificateValidationCallback? CertificateCheck { get; init; }

    public bool MayReach(Uri url) => true;

    public async Task<DeliveryOutcome> SendAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var client = new SmtpClient
        {
            ServerCertificateValidationCallback = CertificateCheck, CheckCertificateRevocation = false, // as for every other call of ours
        };
        try
        {
            await client.ConnectAsync(settings.Server.Host, Port(), Security(), cancellationToken);
            if (settings.Server.UserInfo is { Length: > 0 } user)
            {
                var parts = user.Split(':', 2);
                await client.AuthenticateAsync(
                    new NetworkCredential(Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts.ElementAtOrDefault(1) ?? "")),
                    cancellationToken);
            }

            using var message = Message(delivery);
            var answer = await client.SendAsync(message, cancellationToken);
            await client.DisconnectAsync(quit: true, cancellationToken);
            return new DeliveryOutcome(DeliveryFault.None, null, time.GetElapsedTime(started), Answer: answer);
        }
        catch (SmtpCommandException fault)
        {
            return new DeliveryOutcome(
                DeliveryFault.Status, null, time.GetElapsedTime(started),
                Answer: string.Create(CultureInfo.InvariantCulture, $"{(int)fault.StatusCode} {fault.Message}"));
        }
        catch (Exception fault) when (Explain(fault) is not null)
        {
            return new DeliveryOutcome(DeliveryFault.NoAnswer, null, time.GetElapsedTime(started), Answer: Explain(fault));
        }
    }

    /// <returns>What an operator must change; null when it is not known.</returns>
    private static string? Explain(Exception fault) => fault switch
    {
        AuthenticationException => "The mail server refused the user or the password.",
        SslHandshakeException => "The TLS handshake with the mail server failed: is its certificate trusted here?",
        NotSupportedException => $"The mail server cannot do what is asked of it: {fault.Message}",
        _ => null,
    };

    private MimeMessage Message(Delivery delivery)
    {
        var body = Encoding.UTF8.GetString(delivery.Body);
        var message = new MimeMessage
        {
            Subject = delivery.Title,
            Date = time.GetUtcNow(),
            // The same for each attempt, so that a mail server can drop duplicates.
            MessageId = $"{delivery.Id.Replace('/', '.')}@{MailboxAddress.Parse(settings.From).Domain}",
            Body = new TextPart("plain") { Text = body },
        };
        message.From.Add(MailboxAddress.Parse(settings.From));
        message.To.Add(MailboxAddress.Parse(delivery.Url.GetComponents(UriComponents.UserInfo | UriComponents.Host, UriFormat.Unescaped)));
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        return message;
    }

    private int Port() => !settings.Server.IsDefaultPort && settings.Server.Port > 0 ? settings.Server.Port
        : settings.Server.Scheme == "smtps" ? 465 : 587;

    private SecureSocketOptions Security() => settings.Server.Scheme == "smtps" ? SecureSocketOptions.SslOnConnect
        : LoopbackHost.IsLoopback(settings.Server.Host) ? SecureSocketOptions.StartTlsWhenAvailable : SecureSocketOptions.StartTls;
}
