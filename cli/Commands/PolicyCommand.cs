using System.CommandLine;
using CapOrleans.Client;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

internal static class PolicyCommand
{
    public static Command Create()
    {
        var (capId, admin) = (CapOptions.CapId(), CapOptions.AdminKey());
        var full = new Option<bool?>("--require-full-signature") { Description = "true: only full-v2 signatures count" };
        var self = new Option<string?>("--self-feedback") { Description = "allow, misuse-only or deny (operators only)" };
        var floor = new Option<string?>("--paging-floor") { Description = "Lowest severity that notifies people: normal, high, escalated or critical" };
        self.AcceptOnlyFromAmong("allow", "misuse-only", "deny");
        floor.AcceptOnlyFromAmong([.. Severity.Ladder]);
        var behind = new Option<int?>("--max-behind") { Description = "Maximum seconds that a signed time may be " +
            "behind the server's clock" };
        var ahead = new Option<int?>("--max-ahead") { Description = "Maximum seconds that a signed time may be ahead " +
            "of the server's clock" };
        var limit = new Option<decimal?>("--delta-cap-limit") { Description = "Largest dCap of one incident (operators only)" };
        var reportsPerMinute = new Option<int?>("--reports-per-minute") { Description = "Maximum incidents per minute " +
            "from each reporter (operators only)" };
        var free = new Option<bool?>("--free-severity") { Description = "true: severities other than normal, high, escalated and " +
            "critical are accepted, and rank as normal" };
        var groupBy = new Option<string?>("--group-by") { Description = "Incidents of which only the first pages people: dedup-key " +
            "(equal dedup_key), agent or agent-and-severity" };
        groupBy.AcceptOnlyFromAmong(GroupRules.DedupKey, GroupRules.Agent, GroupRules.AgentAndSeverity);
        var window = new Option<int?>("--group-window") { Description = "Seconds after its newest incident for which a group takes " +
            "another" };
        var command = new Command("policy", "Show a CapID's policy, or change what is named. Example: cap policy WEB-01 " +
            "--require-full-signature true") { capId, full, self, floor, behind, ahead, limit, reportsPerMinute, free, groupBy, window,
                admin };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = new PolicyDefinition(
                parsed.GetValue(full), parsed.GetValue(self), parsed.GetValue(floor), parsed.GetValue(behind), parsed.GetValue(ahead),
                parsed.GetValue(limit), parsed.GetValue(reportsPerMinute), parsed.GetValue(free),
                parsed.GetValue(groupBy), parsed.GetValue(window));
            var id = parsed.GetRequiredValue(capId);
            var key = parsed.GetValue(admin) is { } file ? CapEnvironment.Key(file) : null;
            var cap = await Servers.ApiAsync(api => wanted == new PolicyDefinition()
                ? api.GetCapAsync(id, cancellationToken)
                : api.ChangeCapAsync(id, new ContextChange(Policy: wanted), key, cancellationToken));
            return Output.Print(cap.Policy, ClientJson.Default.CapPolicy);
        });
        return command;
    }
}
