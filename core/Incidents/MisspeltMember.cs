using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Settings;

namespace CapOrleans.Core.Incidents;

/// <summary>
/// A member that identity-v1 does not know and that is one slip away from one that it reads: if it were ignored, an
/// incident with <c>"severty"</c> would count as normal and page no one. Refused where an incident arrives, except in
/// legacy calls; the log itself accepts it.
/// </summary>
public static class MisspeltMember
{
    /// <summary>
    /// Shortest name for which slips are considered: a shorter one with a letter changed is another word.
    /// </summary>
    private const int ShortestWithSlips = 8;

    private const int MaxNameLength = 32;

    private static readonly string[] Meant =
        ["severity", "description", "cap_potential", "f_e", "feedback_score", "m_e", "misuse_score", "dedup_key"];

    /// <returns>Null when every member is read, or resembles none that is.</returns>
    public static Refusal? Of(IncidentReport report)
    {
        if (report.TakesAnySeverity || report.UnreadMembers is not { } names)
        {
            return null;
        }

        var slip = names.FirstOrDefault(name => MeantBy(name) is not null);
        return slip is null ? null : new Refusal("misspelt-member", "",
            $"This member is unknown and looks like {MeantBy(slip)}: correct the spelling, or use a clearly different name.") with { Field = slip };
    }

    /// <returns>The member that was probably meant; null when the name resembles none.</returns>
    public static string? MeantBy(string name) => name.Length > MaxNameLength ? null
        : Array.Find(Meant, meant => Plain(meant) == Plain(name)
            || (meant.Length >= ShortestWithSlips && NearestName.OfTypo(Plain(name), [Plain(meant)], slips: 1) is not null));

    private static string Plain(string name) =>
        name.ToLowerInvariant().Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);
}
