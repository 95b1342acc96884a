using System.CommandLine;
using System.Text;
using CapOrleans.Client;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>Sends many incidents in one command.</summary>
internal static class BatchCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "Signed incidents, one JSON object per line; - for standard input" };
        var command = new Command("batch", "Send many signed incidents, and print the verdict on each line. Example: cap batch " +
            "incidents.jsonl") { file };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var lines = Lines(parsed.GetRequiredValue(file));
            var (sent, worst) = (0, ExitCodes.Done);
            foreach (var batch in Batches(lines))
            {
                var result = await Servers.ApiAsync(api => api.SendBatchAsync(batch, cancellationToken));
                foreach (var verdict in result.Verdicts)
                {
                    var node = Output.Node(verdict with { Line = sent + verdict.Line }, ClientJson.Default.BatchVerdict);
                    Output.PrintLine(node, $"{sent + verdict.Line}: {verdict.Status} " +
                        $"{(verdict.Incident is { } taken ? $"{taken.CapId}/{taken.IncidentId}" : Printable.Line(verdict.Problem?.ToString() ?? ""))}");
                    worst = verdict.Status < 400 ? worst
                        : verdict.Status is 429 or >= 500 && worst != ExitCodes.Refused ? ExitCodes.Unreachable : ExitCodes.Refused;
                }

                sent += batch.Count;
            }

            return worst;
        });
        return command;
    }

    private static List<byte[]> Lines(string file)
    {
        var lines = CapEnvironment.Read(file, "signed incidents, one JSON object per line").Split('\n')
            .Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0).Select(Encoding.UTF8.GetBytes).ToList();
        foreach (var (index, line) in lines.Index())
        {
            if (line.Length > IncidentReader.MaxRequestBytes)
            {
                throw new CliFaultException(ExitCodes.Misconfigured,
                    $"Line {index + 1} of {file} has {line.Length} bytes; an incident has at most {IncidentReader.MaxRequestBytes}.");
            }
        }

        return lines.Count > 0 ? lines : throw new CliFaultException(ExitCodes.Misconfigured, $"{file} holds no incident.");
    }

    /// <summary>Splits the lines into requests within the limits on lines and bytes.</summary>
    private static IEnumerable<IReadOnlyList<byte[]>> Batches(List<byte[]> lines)
    {
        var (batch, bytes) = (new List<byte[]>(), 0);
        foreach (var line in lines)
        {
            if (batch.Count == BatchLines.MaxLines || bytes + line.Length + 1 > BatchLines.MaxBytes)
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }

            batch.Add(line);
            bytes += line.Length + 1;
        }

        yield return batch;
    }
}
