using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Caps;
using Orleans;

namespace CapOrleans.Contracts.Incidents;

/// <summary>
/// The group of an incident: unresolved incidents of one CapID about the same thing, of which only the first pages people.
/// </summary>
/// <param name="Id">32 lower-case hex digits; the same for all groups with this rule and key.</param>
/// <param name="Rule"><c>dedup-key</c>: equal <c>dedup_key</c>; <c>agent</c> or <c>agent-and-severity</c>: the rule in the
/// policy of the CapID.</param>
/// <param name="Key">What the incidents have in common.</param>
/// <param name="First">Id of the group's first incident, which is the one to answer.</param>
/// <param name="IsNew">Whether this incident is the first.</param>
/// <param name="Count">Number of incidents in the group, counted up to 10,000; omitted in the answer to an
/// incident.</param>
[GenerateSerializer, Immutable, Alias("cap.incident-group.v1")]
public sealed record IncidentGroup(
    [property: Id(0)] string Id,
    [property: Id(1), AllowedValues(GroupRules.DedupKey, GroupRules.Agent, GroupRules.AgentAndSeverity)] string Rule,
    [property: Id(2)] string Key,
    [property: Id(3)] string First,
    [property: Id(4)] bool IsNew,
    [property: Id(5), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Count = null);

/// <summary>The newest group of an id, as the log has it.</summary>
/// <param name="First">Id of its first incident.</param>
/// <param name="FirstIndex">Index of that incident's entry.</param>
/// <param name="SeverityRank">Of its first incident.</param>
/// <param name="NewestAt">When its newest incident was accepted.</param>
[GenerateSerializer, Immutable, Alias("cap.group-state.v1")]
public sealed record GroupState(
    [property: Id(0)] string First,
    [property: Id(1)] long FirstIndex,
    [property: Id(2)] int SeverityRank,
    [property: Id(3)] DateTimeOffset NewestAt);
