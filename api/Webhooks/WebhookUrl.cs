using CapOrleans.Api.Answers;

namespace CapOrleans.Api.Webhooks;

/// <summary>What a webhook's URL must look like; where it leads is judged when it is connected to.</summary>
internal static class WebhookUrl
{
    private const int MaxLength = 2048;

    /// <returns>Null when it may be registered.</returns>
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
            return false; // a name that has no form in DNS
        }
    }
}
