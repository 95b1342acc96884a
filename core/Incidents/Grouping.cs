using System.Security.Cryptography;
using System.Text;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Incidents;

/// <summary>Decides which incidents are about the same thing, so that only the first of them pages people.</summary>
public static class Grouping
{
    /// <summary>PagerDuty's limit, too.</summary>
    public const int MaxDedupKeyLength = 255;

    /// <param name="severity">After escalation.</param>
    /// <param name="integration">What filed the incident; null when it is signed. Each integration has groups of its own:
    /// what nobody signed must not keep a signed incident from paging.</param>
    /// <returns>The incident's group; null when it is in none.</returns>
    public static (string Id, string Rule, string Key)? Find(
        string? dedupKey, string agent, string severity, IntegrationReference? integration, CapPolicy policy)
    {
        var (rule, key) = dedupKey is not null ? (GroupRules.DedupKey, dedupKey) : policy.GroupBy switch
        {
            GroupRules.Agent => (GroupRules.Agent, agent),
            GroupRules.AgentAndSeverity => (GroupRules.AgentAndSeverity, $"{severity} {agent}"),
            _ => (null, null),
        };
        return rule is null ? null : (IdOf(rule, key!, integration), rule, key!);
    }

    /// <param name="integration">Null when the incidents are signed.</param>
    public static string IdOf(string rule, string key, IntegrationReference? integration) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{integration?.Id}\n{rule}\n{key}")).AsSpan(0, 16));

    /// <summary>
    /// Whether an incident joins the group: its newest incident is within the window, and its first is no less severe.
    /// That the first is unresolved is for the caller to check.
    /// </summary>
    public static bool Joins(GroupState group, int severityRank, CapPolicy policy, DateTimeOffset now) =>
        severityRank <= group.SeverityRank && now - group.NewestAt <= TimeSpan.FromSeconds(policy.GroupWindowSeconds);
}
