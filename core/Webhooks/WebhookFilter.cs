using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Webhooks;

/// <summary>Which incidents a webhook is notified of.</summary>
public static class WebhookFilter
{
    public const int MaxPatternLength = 256;

    /// <summary>The legacy record says nothing of updates.</summary>
    public static bool Wants(this WebhookOptions options, Notification notification) =>
        Severity.Rank(notification.Severity) >= Severity.Rank(options.MinSeverity ?? notification.PagingFloor)
        && (options.Caps is not { } pattern || Matches(pattern, notification.CapId))
        && (notification.Incident is not null || !options.IsLegacy);

    /// <param name="pattern">Where <c>*</c> stands for any characters, or none.</param>
    public static bool Matches(string pattern, string capId)
    {
        // Greedy, with the last star to come back to: each character of the CapID is looked at once for each star at most.
        var (p, c, star, from) = (0, 0, -1, 0);
        while (c < capId.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, from) = (p++, c);
            }
            else if (p < pattern.Length && pattern[p] == capId[c])
            {
                (p, c) = (p + 1, c + 1);
            }
            else if (star >= 0)
            {
                (p, c) = (star + 1, ++from);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).IndexOfAnyExcept('*') < 0;
    }
}
