using CapOrleans.Api.Answers;

namespace CapOrleans.Api.Webhooks;

/// <summary>
/// Checks the form of a webhook's URL; whether its address may be reached is checked at registration and when
/// connecting.
/// </summary>
internal static class WebhookUrl
{
    private const int MaxLength = 2048;

    /// <returns>Null when the form is valid.</returns>
    public static IResult? Refuse(string? url) => url is not null && IsPlain(url)
        ? null
        : Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "url",
            $"an absolute http or https URL of at most {MaxLength} characters of printable ASCII, without user or password");

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
