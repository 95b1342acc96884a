using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Client;
using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Cli.Commands;

/// <summary>Lists a webhook's deliveries and requests redelivery.</summary>
internal static class DeliveryCommands
{
    public static Command List()
    {
        var id = WebhookCommand.Id();
        var state = new Option<string?>("--state") { Description = "waiting, delivered or exhausted; default all" };
        state.AcceptOnlyFromAmong("waiting", "delivered", "exhausted");
        var limit = new Option<int>("--limit") { Description = "Maximum number to show", DefaultValueFactory = _ => 50 };
        var command = new Command(
            "deliveries", "Show a webhook's deliveries and the receiver's responses, most recently changed first. Example: cap " +
                "webhook " +
                "deliveries 1f0c22ab --state exhausted") { id, state, limit };
        command.SetAction(async (parsed, cancellationToken) => await Servers.ApiAsync(async api =>
        {
            var left = parsed.GetValue(limit);
            await foreach (var delivery in api.ListDeliveriesAsync(parsed.GetRequiredValue(id), parsed.GetValue(state), cancellationToken))
            {
                if (left-- <= 0)
                {
                    break;
                }

                Output.PrintLine(Output.Node(delivery, ClientJson.Default.DeliveryView), Line(delivery));
            }

            return ExitCodes.Done;
        }));
        return command;
    }

    public static Command Redeliver()
    {
        var id = WebhookCommand.Id();
        var cap = new Argument<string?>("CAP") { Description = "The incident's CapID", Arity = ArgumentArity.ZeroOrOne };
        var incident = new Argument<string?>("INCIDENT") { Description = "The incident's id", Arity = ArgumentArity.ZeroOrOne };
        var log = new Option<int?>("--log") { Description = "Instead of an incident: the log's number" };
        var from = new Option<long?>("--from") { Description = "Index of the first entry" };
        var to = new Option<long?>("--to") { Description = "Index after the last entry, at most 1,000 after the first" };
        var command = new Command(
            "redeliver", "Deliver an incident again, or a range of a log. Example: cap webhook redeliver 1f0c22ab WEB-01 NGINXFAIL-12; " +
                "cap webhook redeliver 1f0c22ab --log 0 --from 100 --to 200") { id, cap, incident, log, from, to };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = new RedeliveryRequest(
                parsed.GetValue(cap), parsed.GetValue(incident), parsed.GetValue(log), parsed.GetValue(from), parsed.GetValue(to));
            var count = await Servers.ApiAsync(api => api.RedeliverAsync(parsed.GetRequiredValue(id), request, cancellationToken));
            return Output.Print(new JsonObject { ["deliveries"] = count }, $"{count} deliveries are queued");
        });
        return command;
    }

    private static string Line(DeliveryView delivery)
    {
        var last = delivery.Attempts.Count == 0 ? "not tried yet" : delivery.Attempts[^1] is var attempt && attempt.Error is null
            ? $"{attempt.Code} in {attempt.Milliseconds} ms"
            : $"{attempt.Error}{(attempt.Code is { } code ? $" {code}" : "")}{(attempt.Answer is { } text ? $": {text}" : "")}";
        var next = delivery.NextAttemptAt is { } at ? $", again {at:yyyy-MM-ddTHH:mm:ssZ}" : "";
        return $"{delivery.ChangedAt:yyyy-MM-ddTHH:mm:ssZ} {delivery.State,-9} {delivery.CapId}/{delivery.IncidentId}  " +
            $"{delivery.Attempts.Count} attempts, {last}{next}";
    }
}
