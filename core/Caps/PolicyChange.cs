using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Caps;

/// <summary>What turns one policy into the next.</summary>
internal static class PolicyChange
{
    private static readonly string[] SelfFeedbacks = [SelfFeedback.Allow, SelfFeedback.MisuseOnly, SelfFeedback.Deny];

    /// <returns>Null when the policy can be had.</returns>
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
                ?? Range("reportsPerMinute", wanted.ReportsPerMinute, 1, 6_000_000);
    }

    public static CapPolicy Of(CapPolicy held, PolicyDefinition? wanted) => wanted is null ? held : new CapPolicy(
        wanted.RequireFullSignature ?? held.RequireFullSignature,
        wanted.SelfFeedback ?? held.SelfFeedback,
        wanted.PagingFloor ?? held.PagingFloor,
        wanted.MaxBehindSeconds ?? held.MaxBehindSeconds,
        wanted.MaxAheadSeconds ?? held.MaxAheadSeconds,
        DecimalText.Normalize(wanted.DeltaCapLimit ?? held.DeltaCapLimit),
        wanted.ReportsPerMinute ?? held.ReportsPerMinute);
}
