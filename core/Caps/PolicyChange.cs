using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Caps;

/// <summary>Validates and applies changes of a policy.</summary>
internal static class PolicyChange
{
    private static readonly string[] Groupings = [GroupRules.DedupKey, GroupRules.Agent, GroupRules.AgentAndSeverity];
    private static readonly string[] SelfFeedbacks = [SelfFeedback.Allow, SelfFeedback.MisuseOnly, SelfFeedback.Deny];

    /// <returns>Null when the policy is valid.</returns>
    public static Refusal? Fault(PolicyDefinition? wanted)
    {
        static Refusal? OneOf(string field, string? value, IReadOnlyList<string> choices) =>
            value is null || choices.Contains(value) ? null : new("invalid-field", $"policy.{field}", string.Join(", ", choices));
        static Refusal? Range(string field, decimal? value, decimal min, decimal max) =>
            value is null || (value >= min && value <= max) ? null : new("invalid-field", $"policy.{field}", $"a number from {min} to {max}");

        return wanted is null ? null
            : OneOf("selfFeedback", wanted.SelfFeedback, SelfFeedbacks)
                ?? OneOf("pagingFloor", wanted.PagingFloor, Severity.Ladder)
                ?? Range("maxBehindSeconds", wanted.MaxBehindSeconds, 60, 31_536_000)
                ?? Range("maxAheadSeconds", wanted.MaxAheadSeconds, 0, 86_400)
                ?? Range("deltaCapLimit", wanted.DeltaCapLimit, 0.0001m, 1_000_000m)
                ?? Range("reportsPerMinute", wanted.ReportsPerMinute, 1, 6_000_000)
                ?? OneOf("groupBy", wanted.GroupBy, Groupings)
                ?? Range("groupWindowSeconds", wanted.GroupWindowSeconds, 60, 604_800);
    }

    public static CapPolicy Of(CapPolicy current, PolicyDefinition? wanted) => wanted is null ? current : new CapPolicy(
        wanted.RequireFullSignature ?? current.RequireFullSignature,
        wanted.SelfFeedback ?? current.SelfFeedback,
        wanted.PagingFloor ?? current.PagingFloor,
        wanted.MaxBehindSeconds ?? current.MaxBehindSeconds,
        wanted.MaxAheadSeconds ?? current.MaxAheadSeconds,
        DecimalText.Normalize(wanted.DeltaCapLimit ?? current.DeltaCapLimit),
        wanted.ReportsPerMinute ?? current.ReportsPerMinute,
        wanted.FreeSeverity ?? current.FreeSeverity,
        wanted.GroupBy ?? current.GroupBy,
        wanted.GroupWindowSeconds ?? current.GroupWindowSeconds);
}
