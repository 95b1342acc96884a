using CapOrleans.Core.DeltaCap;

namespace CapOrleans.Core.Incidents;

/// <summary>
/// The severities normal &lt; high &lt; escalated &lt; critical. Any other text is accepted where the CapID's policy
/// allows it, and in legacy calls; it is kept, and ranks as normal.
/// </summary>
public static class Severity
{
    public const string Normal = "normal";
    public const string High = "high";
    public const string Escalated = "escalated";
    public const string Critical = "critical";

    public const int CriticalRank = 3;

    /// <summary>In ascending order; the index is the rank.</summary>
    public static readonly IReadOnlyList<string> Ladder = [Normal, High, Escalated, Critical];

    /// <param name="severity">Lower case.</param>
    public static bool IsOnLadder(string severity) => Ladder.Contains(severity);

    /// <param name="severity">Lower case.</param>
    /// <returns>0 normal, 1 high, 2 escalated, 3 critical: also the number on chain.</returns>
    public static int Rank(string severity)
    {
        for (var rank = CriticalRank; rank > 0; rank--)
        {
            if (severity == Ladder[rank])
            {
                return rank;
            }
        }

        return 0;
    }

    /// <summary>
    /// Returns what the incident counts as: a w_E of 0.8 or more lifts everything below to <c>escalated</c>.
    /// </summary>
    public static string Classify(string claimed, decimal weight) =>
        weight >= CapFormula.EscalationWeight && Rank(claimed) < Rank(Escalated) ? Escalated : claimed;
}
