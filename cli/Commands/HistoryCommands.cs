using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using CapOrleans.Client;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;

namespace CapOrleans.Cli.Commands;

/// <summary>Shows a score's history and the log's entries, and corrects scores.</summary>
internal static class HistoryCommands
{
    public static Command CreateHistory()
    {
        var capId = CapOptions.CapId();
        var command = new Command("history", "Show how a CapID's score came about: the sum of the steps is the score. Example: cap " +
            "history WEB-01") { capId };
        command.SetAction((parsed, cancellationToken) => TellAllAsync(
            api => api.ListScoreStepsAsync(parsed.GetRequiredValue(capId), cancellationToken),
            step => Output.PrintLine(
                Output.Node(step, ClientJson.Default.ScoreStep),
                string.Create(CultureInfo.InvariantCulture, $"{step.At:yyyy-MM-ddTHH:mm:ssZ}  {step.DeltaCap,12}  {step.Kind}  " +
                    $"{step.IncidentId}{(step.Reason is null ? "" : $"  {step.Reason}")}"))));
        return command;
    }

    public static Command CreateLog()
    {
        var log = new Option<int?>("--log") { Description = "Number of the log, as /health/ready shows it; default all, one after " +
            "the other" };
        var after = new Option<long>("--after") { Description = "Only entries after this index; default -1, all",
            DefaultValueFactory = _ => -1 };
        var kind = new Option<string?>("--kind") { Description = "Entries of this kind only, see docs/events.md" };
        var command = new Command("log", "Print a log's entries, one JSON object per line. Example: cap log --kind cap.key-revoked") { log,
            after, kind };
        command.SetAction((parsed, cancellationToken) => TellAllAsync(
            api => EntriesAsync(api, parsed.GetValue(log), parsed.GetValue(after), cancellationToken),
            entry =>
            {
                if (parsed.GetValue(kind) is not { } wanted || wanted == entry.Kind)
                {
                    Console.WriteLine(Output.Line(Output.Node(entry, ClientJson.Default.EntryView)));
                }
            }));
        return command;
    }

    public static Command CreateCorrect()
    {
        var capId = CapOptions.CapId();
        var id = new Argument<string>("INCIDENT") { Description = "The incident's id" };
        var delta = new Option<decimal>("--delta-cap") { Description = "What its dCap should have been, at most four decimals",
            Required = true };
        var reason = new Option<string>("--reason") { Description = "Why, for people; it is in the log for ever", Required = true };
        var command = new Command("correct", "Correct what an incident did to a score; the incident stays as it is. Example: cap " +
            "correct WEB-01 NGINXFAIL-1 --delta-cap 0 --reason 'maintenance'") { capId, id, delta, reason };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var correction = new Correction(parsed.GetRequiredValue(id), parsed.GetValue(delta), parsed.GetRequiredValue(reason));
            var cap = await Servers.ApiAsync(api => api.CorrectScoreAsync(parsed.GetRequiredValue(capId), correction, cancellationToken));
            return Output.Print(cap, ClientJson.Default.CapView);
        });
        return command;
    }

    private static async IAsyncEnumerable<EntryView> EntriesAsync(
        ICapOrleansClient api, int? log, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<int> logs = log is { } one ? [one]
            : (await api.GetReadinessAsync(Credentials.HasApiKey, cancellationToken)).Logs is { } all ? [.. all.Select(known => known.Log)]
            : throw new CliFaultException(ExitCodes.Misconfigured,
                "Listing the logs needs an API key with scope read: set CAP_TOKEN, or name a log with --log.");
        foreach (var number in logs)
        {
            await foreach (var entry in api.ListEntriesAsync(number, after, cancellationToken))
            {
                yield return entry;
            }
        }
    }

    private static async Task<int> TellAllAsync<T>(Func<ICapOrleansClient, IAsyncEnumerable<T>> list, Action<T> tell)
    {
        await Servers.ApiAsync(async api =>
        {
            await foreach (var item in list(api))
            {
                tell(item);
            }
        });
        return ExitCodes.Done;
    }
}
