using System.ComponentModel.DataAnnotations;
using Orleans;

namespace CapOrleans.Contracts.Caps;

/// <summary>The rules by which a CapID's incidents are judged, in addition to its numbers.</summary>
/// <param name="RequireFullSignature">Whether only <c>full-v2</c> is accepted, so that no intermediary
/// can change the content.</param>
/// <param name="SelfFeedback">Which feedback of the CapID about itself counts: <c>allow</c>,
/// <c>misuse-only</c> or <c>deny</c>.</param>
/// <param name="PagingFloor">Lowest severity that notifies people: <c>normal</c>, <c>high</c>,
/// <c>escalated</c> or <c>critical</c>.</param>
/// <param name="MaxBehindSeconds">How far a signed time may lie before the server's: hosts store incidents while the
/// network is down. 60 to 31,536,000; default 7 days.</param>
/// <param name="MaxAheadSeconds">How far a signed time may lie after the server's: clocks differ. 0 to
/// 86,400; default 5 minutes.</param>
/// <param name="DeltaCapLimit">Largest dCap of one incident, up or down. 0.0001 to 1,000,000; default 10.</param>
/// <param name="ReportsPerMinute">Rate limit of each reporter; a minute's worth may arrive in one burst. 1 to
/// 6,000,000; default 6,000.</param>
/// <param name="FreeSeverity">Whether severities other than normal, high, escalated and critical are accepted, ranking
/// as normal; otherwise they are refused.</param>
/// <param name="GroupBy">What makes incidents one group, of which only the first pages people: <c>dedup-key</c>, the
/// default, <c>agent</c> or <c>agent-and-severity</c>.</param>
/// <param name="GroupWindowSeconds">An incident joins a group whose newest incident was accepted at most so long before.
/// 60 to 604,800; default 1 day.</param>
[GenerateSerializer, Immutable, Alias("cap.policy.v1")]
public sealed record CapPolicy(
    [property: Id(0)] bool RequireFullSignature = false,
    [property: Id(1), AllowedValues(Caps.SelfFeedback.Allow, Caps.SelfFeedback.MisuseOnly, Caps.SelfFeedback.Deny)]
    string SelfFeedback = Caps.SelfFeedback.Allow,
    [property: Id(2), AllowedValues("normal", "high", "escalated", "critical")] string PagingFloor = "high",
    [property: Id(3)] int MaxBehindSeconds = 7 * 24 * 60 * 60,
    [property: Id(4)] int MaxAheadSeconds = 5 * 60,
    [property: Id(5)] decimal DeltaCapLimit = 10m,
    [property: Id(6)] int ReportsPerMinute = 6_000,
    [property: Id(7)] bool FreeSeverity = false,
    [property: Id(8), AllowedValues(GroupRules.DedupKey, GroupRules.Agent, GroupRules.AgentAndSeverity)]
    string GroupBy = GroupRules.DedupKey,
    [property: Id(9)] int GroupWindowSeconds = 24 * 60 * 60)
{
    public static CapPolicy Default { get; } = new();
}

/// <summary>
/// Values of <see cref="CapPolicy.SelfFeedback"/>. Every reporter is a key of the CapID, so feedback is the
/// CapID's own statement about itself.
/// </summary>
public static class SelfFeedback
{
    /// <summary>F_E and M_E count.</summary>
    public const string Allow = "allow";

    /// <summary>Only M_E counts: a CapID can blame itself, but not praise itself.</summary>
    public const string MisuseOnly = "misuse-only";

    /// <summary>Neither counts; dCap is 0.</summary>
    public const string Deny = "deny";
}

/// <summary>What makes incidents of a CapID one group.</summary>
public static class GroupRules
{
    /// <summary>Equal <c>dedup_key</c>; an incident without one is in no group. The default.</summary>
    public const string DedupKey = "dedup-key";

    /// <summary>As <see cref="DedupKey"/>, and without a <c>dedup_key</c>, the same agent.</summary>
    public const string Agent = "agent";

    /// <summary>As <see cref="Agent"/>, with the same severity.</summary>
    public const string AgentAndSeverity = "agent-and-severity";
}

/// <summary>A change of a policy; null members stay as they are.</summary>
[GenerateSerializer, Immutable, Alias("cap.policy-definition.v1")]
public sealed record PolicyDefinition(
    [property: Id(0)] bool? RequireFullSignature = null,
    [property: Id(1), AllowedValues(Caps.SelfFeedback.Allow, Caps.SelfFeedback.MisuseOnly, Caps.SelfFeedback.Deny)]
    string? SelfFeedback = null,
    [property: Id(2), AllowedValues("normal", "high", "escalated", "critical")] string? PagingFloor = null,
    [property: Id(3)] int? MaxBehindSeconds = null,
    [property: Id(4)] int? MaxAheadSeconds = null,
    [property: Id(5)] decimal? DeltaCapLimit = null,
    [property: Id(6)] int? ReportsPerMinute = null,
    [property: Id(7)] bool? FreeSeverity = null,
    [property: Id(8), AllowedValues(GroupRules.DedupKey, GroupRules.Agent, GroupRules.AgentAndSeverity)] string? GroupBy = null,
    [property: Id(9)] int? GroupWindowSeconds = null);
