using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

internal static class PolicyCommand
{
    public static Command Create()
    {
        var (capId, admin) = (ChangeRequests.CapIdArgument(), ChangeRequests.AdminKeyOption());
        var full = new Option<bool?>("--require-full-signature") { Description = "true: only full-v2 signatures count" };
        var self = new Option<string?>("--self-feedback") { Description = "allow, misuse-only or deny (an operator's)" };
        var floor = new Option<string?>("--paging-floor") { Description = "Lowest severity that notifies people: normal, high, escalated or critical" };
        self.AcceptOnlyFromAmong("allow", "misuse-only", "deny");
        floor.AcceptOnlyFromAmong([.. Severity.Ladder]);
        var behind = new Option<int?>("--max-behind") { Description = "Seconds that a signed time may lie before the server's" };
        var ahead = new Option<int?>("--max-ahead") { Description = "Seconds that a signed time may lie after the server's" };
        var limit = new Option<decimal?>("--delta-cap-limit") { Description = "Largest dCap of one incident (an operator's)" };
        var reportsPerMinute = new Option<int?>("--reports-per-minute") { Description = "What each reporter may send (an operator's)" };
        var command = new Command("policy", "Show a CapID's policy, or change what is named. Example: cap policy WEB-01 --require-full-signature true") { capId, full, self, floor, behind, ahead, limit, reportsPerMinute, admin };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = new JsonObject();
            void Want(string name, JsonNode? value)
            {
                if (value is not null)
                {
                    wanted[name] = value;
                }
            }

            Want("requireFullSignature", parsed.GetValue(full));
            Want("selfFeedback", parsed.GetValue(self));
            Want("pagingFloor", parsed.GetValue(floor));
            Want("maxBehindSeconds", parsed.GetValue(behind));
            Want("maxAheadSeconds", parsed.GetValue(ahead));
            Want("deltaCapLimit", parsed.GetValue(limit));
            Want("reportsPerMinute", parsed.GetValue(reportsPerMinute));
            var id = parsed.GetRequiredValue(capId);
            var cap = wanted.Count == 0
                ? await ChangeRequests.ReadAsync(id, cancellationToken)
                : await ChangeRequests.SendAsync(id, new JsonObject { ["policy"] = wanted }, parsed.GetValue(admin), cancellationToken);
            return Answer.Tell(CapClient.Read(cap, json => json.GetProperty("policy")));
        });
        return command;
    }
}
