using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Client;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>Times during which incidents page no one.</summary>
internal static class SilenceCommand
{
    public static Command Create() => new("silence", "Silences, which hold pages back for a while: list, set, remove. Example: cap " +
        "silence set deploy-42 --caps 'WEB-*' --for 1h --reason 'Deploy 42'")
    {
        List(), Set(), Remove(),
    };

    private static Command List()
    {
        var command = new Command("list", "Show the silences that have not ended. Example: cap silence list");
        command.SetAction(async (_, cancellationToken) => Output.Print(
            await Servers.ApiAsync(api => api.ListSilencesAsync(cancellationToken)), ClientJson.Default.IReadOnlyListSilenceView));
        return command;
    }

    private static Command Set()
    {
        var id = Id();
        var caps = new Option<string>("--caps") { Required = true, Description = "CapIDs to silence, where * stands for any characters" };
        var length = new Option<string>("--for") { Required = true, Description = "How long it lasts, as 90m or 2h; at most 24d" };
        var reason = new Option<string>("--reason") { Required = true, Description = "Why no one is to be paged" };
        var from = new Option<DateTimeOffset?>("--from") { Description = "When a maintenance window starts, ISO 8601; default now" };
        var maxSeverity = new Option<string?>("--max-severity")
        {
            Description = "Page incidents that are more severe than normal, high or escalated all the same; default none",
        };
        maxSeverity.AcceptOnlyFromAmong([.. Severity.Ladder]);
        var command = new Command("set", "Set or change a silence. Incidents are accepted and logged meanwhile; at its end there is one " +
            "summary of those that are unanswered. Example: cap silence set deploy-42 --caps 'WEB-*' --for 1h --reason 'Deploy 42'")
        {
            id, caps, length, reason, from, maxSeverity,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var startsAt = parsed.GetValue(from);
            var endsAt = (startsAt ?? TimeProvider.System.GetUtcNow()) + HookCommand.Duration("--for", parsed.GetRequiredValue(length));
            var silence = new SilenceRequest(
                parsed.GetRequiredValue(caps), endsAt, parsed.GetRequiredValue(reason), startsAt, parsed.GetValue(maxSeverity));
            return Output.Print(
                await Servers.ApiAsync(api => api.PutSilenceAsync(parsed.GetRequiredValue(id), silence, cancellationToken)),
                ClientJson.Default.SilenceView);
        });
        return command;
    }

    private static Command Remove()
    {
        var id = Id();
        var command = new Command("remove", "End a silence now, or cancel one that has not started. Example: cap silence remove deploy-42")
        {
            id,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Servers.ApiAsync(api => api.RemoveSilenceAsync(parsed.GetRequiredValue(id), cancellationToken));
            return Output.Print(new JsonObject { ["removed"] = parsed.GetRequiredValue(id) }, "removed");
        });
        return command;
    }

    private static Argument<string> Id() => new("NAME") { Description = $"Of the silence: {Identifiers.Rule}" };
}
