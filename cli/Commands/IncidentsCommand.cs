using System.CommandLine;
using System.Globalization;
using CapOrleans.Client;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>Lists and shows accepted incidents.</summary>
internal static class IncidentsCommand
{
    public static Command CreateList()
    {
        var cap = new Option<string?>("--cap") { Description = "Of this CapID only" };
        var severity = new Option<string[]>("--severity") { Description = "Of this severity only, after escalation; may be given " +
            "more than once" };
        severity.AcceptOnlyFromAmong([.. Severity.Ladder]);
        var least = new Option<string?>("--min-severity") { Description = "Of this severity or above" };
        least.AcceptOnlyFromAmong([.. Severity.Ladder]);
        var from = new Option<DateTimeOffset?>("--from") { Description = "Accepted at or after; default 24 hours ago" };
        var to = new Option<DateTimeOffset?>("--to") { Description = "Accepted before" };
        var newest = new Option<bool>("--newest") { Description = "The newest first" };
        var follow = new Option<bool>("--follow") { Description = "Continue with new incidents until interrupted" };
        var command = new Command("incidents", "List what was accepted, in order of acceptance. Example: cap incidents --cap WEB-01 " +
            "--min-severity high --follow") { cap, severity, least, from, to, newest, follow };
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(newest) && parsed.GetValue(follow))
            {
                parsed.AddError("--newest and --follow cannot be combined: new incidents come last.");
            }

            if (parsed.GetValue(least) is not null && parsed.GetValue(severity) is { Length: > 0 })
            {
                parsed.AddError("--severity and --min-severity cannot be combined.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var filter = new IncidentFilter(
                parsed.GetValue(cap),
                parsed.GetValue(least) is { } floor ? [.. Severity.Ladder.Skip(Severity.Rank(floor))] : parsed.GetValue(severity),
                parsed.GetValue(from) ?? TimeProvider.System.GetUtcNow() - TimeSpan.FromDays(1), parsed.GetValue(to),
                parsed.GetValue(newest));
            if (!parsed.GetValue(follow))
            {
                await WarnOfTypoAsync(filter.CapId, cancellationToken);
                await ListAsync(filter, Print, cancellationToken);
                return ExitCodes.Done;
            }

            await WarnOfTypoAsync(filter.CapId, cancellationToken);
            await new FollowedIncidents(filter, Print).FollowAsync(cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }

    public static Command CreateShow()
    {
        var capId = CapOptions.CapId();
        var id = new Argument<string>("INCIDENT") { Description = "The incident's id" };
        var command = new Command("incident", "Show an incident, with its position in log, archive and chain. Example: cap incident " +
            "WEB-01 NGINXFAIL-1") { capId, id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var incident = await Servers.ApiAsync(api =>
                api.FindIncidentAsync(parsed.GetRequiredValue(capId), parsed.GetRequiredValue(id), cancellationToken));
            return incident is null
                ? throw new CliFaultException(ExitCodes.Refused,
                    $"No incident {parsed.GetRequiredValue(id)} of {parsed.GetRequiredValue(capId)} was accepted.")
                : Output.Print(incident, ClientJson.Default.IncidentView);
        });
        return command;
    }

    /// <summary>Warns about an unregistered CapID: its empty list would look like good news.</summary>
    private static Task WarnOfTypoAsync(string? capId, CancellationToken cancellationToken) => Servers.ApiAsync(async api =>
    {
        try
        {
            _ = capId is null ? null : await api.GetCapAsync(capId, cancellationToken);
        }
        catch (ProblemException fault) when (fault.Status == 404)
        {
            Output.Warn($"{capId} is not registered: 'cap show' lists the registered CapIDs.");
        }
    });

    private static Task ListAsync(IncidentFilter filter, Action<IncidentView> tell, CancellationToken cancellationToken) =>
        Servers.ApiAsync(async api =>
    {
        await foreach (var incident in api.ListIncidentsAsync(filter, cancellationToken))
        {
            tell(incident);
        }
    });

    private static void Print(IncidentView incident) => Output.PrintLine(
        Output.Node(incident, ClientJson.Default.IncidentView),
        string.Create(CultureInfo.InvariantCulture, $"{incident.AcceptedAt:yyyy-MM-ddTHH:mm:ssZ}  {incident.Severity,-9}  " +
            $"{incident.CapId}/{incident.IncidentId}  dCap {incident.DeltaCap}  {incident.Description}"));
}
