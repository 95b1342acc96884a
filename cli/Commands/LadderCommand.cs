using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using CapOrleans.Client;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>Manages ladders: who is paged for incidents that no one answers.</summary>
internal static class LadderCommand
{
    private const string LevelRule = "webhooks, and rotations with an @, separated by commas, a colon and the time to wait, for " +
        "example @primary,9e0d41c7:5m; if more than one acknowledgement is needed, another colon and their number";

    private const string InactionRule = "a number of unanswered incidents, the time within which they ended, and the webhooks to " +
        "notify, for example 5:1h:1f0c22ab,9e0d41c7";

    public static Command Create() => new("ladder", "Ladders, which page level by level until someone answers: list, set, preview, " +
        "remove. Example: cap ladder set web --caps 'WEB-*' --level 1f0c22ab:5m --level 9e0d41c7:15m")
    {
        List(), Set(), Preview(), Remove(),
    };

    private static Command List()
    {
        var command = new Command("list", "Show the ladders, with warnings about webhooks that cannot be paged. Example: cap ladder list");
        command.SetAction(async (_, cancellationToken) => Output.Print(
            await Servers.ApiAsync(api => api.ListLaddersAsync(cancellationToken)), ClientJson.Default.IReadOnlyListLadderView));
        return command;
    }

    private static Command Set()
    {
        var id = Id();
        var caps = new Option<string>("--caps")
        {
            Required = true,
            Description = "CapIDs that the ladder is for, where * matches any characters; of several ladders, the pattern with the most " +
                "other characters applies",
        };
        var levels = new Option<string[]>("--level")
        {
            Required = true, Description = $"Once for each level, in their order: {LevelRule}",
        };
        var minSeverity = new Option<string?>("--min-severity")
        {
            Description = "Only incidents from this severity on: normal, high, escalated or critical; default the paging floor of " +
                "each CapID",
        };
        minSeverity.AcceptOnlyFromAmong([.. Severity.Ladder]);
        var repeat = new Option<int>("--repeat") { Description = "Number of times that all levels are paged again, 0 to 9" };
        var acknowledgedFor = new Option<string?>("--acknowledged-for")
        {
            Description = "Time after which an acknowledged but unresolved incident is paged again, for example 4h; default never",
        };
        var inaction = new Option<string?>("--inaction")
        {
            Description = $"Report that nobody answers: {InactionRule}; default never",
        };
        var command = new Command("set", "Make or change a ladder. Example: cap ladder set web --caps 'WEB-*' --level 1f0c22ab:5m " +
            "--level 1f0c22ab,9e0d41c7:15m --repeat 2 --acknowledged-for 4h")
        {
            id, caps, levels, minSeverity, repeat, acknowledgedFor, inaction,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var ladder = new LadderRequest(
                parsed.GetRequiredValue(caps), [.. parsed.GetRequiredValue(levels).Select(Level)], parsed.GetValue(minSeverity),
                parsed.GetValue(repeat), parsed.GetValue(acknowledgedFor) is { } text ? Seconds("--acknowledged-for", text) : null,
                parsed.GetValue(inaction) is { } rule ? Inaction(rule) : null);
            return Output.Print(
                await Servers.ApiAsync(api => api.PutLadderAsync(parsed.GetRequiredValue(id), ladder, cancellationToken)),
                ClientJson.Default.LadderView);
        });
        return command;
    }

    private static Command Preview()
    {
        var id = Id();
        var cap = new Argument<string>("CAPID") { Description = "CapID of the incident" };
        var severity = new Option<string?>("--severity") { Description = "Of the incident; default critical" };
        severity.AcceptOnlyFromAmong([.. Severity.Ladder]);
        var at = new Option<DateTimeOffset?>("--at") { Description = "When it is accepted, ISO 8601; default now" };
        var command = new Command("preview", "Show who would be paged for an incident that no one answers, and when. Example: cap ladder " +
            "preview web WEB-01 --severity high") { id, cap, severity, at };
        command.SetAction(async (parsed, cancellationToken) => Output.Print(
            await Servers.ApiAsync(api => api.PreviewLadderAsync(
                parsed.GetRequiredValue(id), parsed.GetRequiredValue(cap), parsed.GetValue(severity), parsed.GetValue(at),
                cancellationToken)),
            ClientJson.Default.LadderPreview));
        return command;
    }

    private static Command Remove()
    {
        var id = Id();
        var command = new Command("remove", "Remove a ladder; it no longer pages anyone, not even for open incidents. Example: cap " +
            "ladder remove web") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Servers.ApiAsync(api => api.RemoveLadderAsync(parsed.GetRequiredValue(id), cancellationToken));
            return Output.Print(new JsonObject { ["removed"] = parsed.GetRequiredValue(id) }, "removed");
        });
        return command;
    }

    private static LadderLevelRequest Level(string text)
    {
        var parts = text.Split(':');
        var needed = 1;
        return parts.Length is 2 or 3 && (parts.Length == 2 || int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture,
            out needed))
            ? new LadderLevelRequest(
                [.. parts[0].Split(',').Where(name => !name.StartsWith('@'))], Seconds("--level", parts[1]), needed,
                [.. parts[0].Split(',').Where(name => name.StartsWith('@')).Select(name => name[1..])])
            : throw new CliFaultException(ExitCodes.Misconfigured, $"--level is {LevelRule}.");
    }

    private static LadderInaction Inaction(string text) => text.Split(':') is [var incidents, var within, var webhooks]
        && int.TryParse(incidents, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        ? new LadderInaction(count, Seconds("--inaction", within), webhooks.Split(','))
        : throw new CliFaultException(ExitCodes.Misconfigured, $"--inaction is {InactionRule}.");

    private static int Seconds(string option, string text) => (int)HookCommand.Duration(option, text).TotalSeconds;

    private static Argument<string> Id() => new("NAME") { Description = $"Of the ladder: {Identifiers.Rule}" };
}
