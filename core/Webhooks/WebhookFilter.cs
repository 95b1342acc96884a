using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Webhooks;

/// <summary>Which incidents a webhook is notified of.</summary>
public static class WebhookFilter
{
    public const int MaxPatternLength = 256;

    public static bool Wants(this WebhookOptions options, AcceptedIncident incident) =>
        Severity.Rank(incident.Severity) >= Severity.Rank(options.MinSeverity ?? incident.PagingFloor)
        && (options.Caps is not { } pattern || Matches(pattern, incident.CapId));

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
