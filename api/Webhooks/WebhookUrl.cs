using System.Net.Mail;
using CapOrleans.Api.Answers;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Api.Webhooks;

/// <summary>
/// Checks the form of a webhook's URL; whether its address may be reached is checked at registration and when
/// connecting.
/// </summary>
internal static class WebhookUrl
{
    private const int MaxLength = 2048, MaxAddressLength = 254;

    /// <returns>Null when the form is valid.</returns>
    public static IResult? Refuse(string? url) => url is not null && (IsPlain(url) || IsMail(url) || IsCommand(url))
        ? null
        : Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "url",
            $"an absolute http or https URL of at most {MaxLength} characters of printable ASCII, without user or password; " +
                "mailto: and one address; or command: and a name");

    /// <summary>For a call that anyone may be allowed to make: only http and https.</summary>
    /// <inheritdoc cref="Refuse"/>
    public static IResult? RefuseUnlessHttp(string url) => IsMail(url) || IsCommand(url)
        ? Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "url", "an http or https URL")
        : Refuse(url);

    /// <summary>Whether it is <c>mailto:</c> and one address without a name.</summary>
    public static bool IsMail(string? url) => url is { Length: <= MaxAddressLength }
        && url.StartsWith("mailto:", StringComparison.Ordinal) && url.AsSpan("mailto:".Length).Count('@') == 1
        && url.All(c => char.IsAsciiLetterOrDigit(c) || "@:._-+=".Contains(c, StringComparison.Ordinal))
        && MailAddress.TryCreate(url["mailto:".Length..], out var address) && address.Address == url["mailto:".Length..];

    private static bool IsCommand(string url) => url.StartsWith("command:", StringComparison.Ordinal)
        && Identifiers.IsId(url["command:".Length..]);

    private static bool IsPlain(string url)
    {
        try
        {
            return url.Length <= MaxLength && url.All(c => c is > ' ' and <= '~') && Uri.TryCreate(url, UriKind.Absolute, out var parsed)
                && (parsed.Scheme == Uri.UriSchemeHttp || parsed.Scheme == Uri.UriSchemeHttps) && parsed.UserInfo.Length == 0
                    && parsed.IdnHost.Length > 0;
        }
        catch (UriFormatException)
        {
            return false; // the host name has no form in DNS
        }
    }
}
