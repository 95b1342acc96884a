using System.Globalization;
using System.Text;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Api.Reads;

/// <summary>
/// A timeline as Markdown for a postmortem. Text from hosts and operators is escaped, so that it is never markup.
/// </summary>
internal static class TimelineMarkdown
{
    private const string Special = "\\`*_{}[]()<>#+-!|~&:";

    public static string Write(IncidentTimeline timeline)
    {
        var incident = timeline.Incident;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# {Text($"{incident.CapId}/{incident.IncidentId}")}").AppendLine()
            .AppendLine(CultureInfo.InvariantCulture, $"* Severity: {Text(incident.Severity)}; state: {incident.State}; dCap: {Text($"{incident.DeltaCap}")}")
            .AppendLine(CultureInfo.InvariantCulture, $"* Happened: {Text(incident.Timestamp)}; reported by: {Text(incident.Agent)}; signed by: {incident.Signer ?? "nobody"}")
            .AppendLine(CultureInfo.InvariantCulture, $"* Log: {Text(incident.Log.Origin)}, entry {incident.Log.Index}, leaf hash {incident.Log.LeafHash}")
            .AppendLine().AppendLine("| UTC | what | entry | who | text |").AppendLine("|---|---|---|---|---|");
        foreach (var one in timeline.Events)
        {
            var who = one.ByName is { } name ? $"{name} ({one.By})" : one.By ?? "";
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {one.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} | {one.Kind} | {one.Index} | {Text(who)} | {Text(one.Text ?? "")} |");
        }

        return text.ToString();
    }

    private static string Text(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            _ = char.IsControl(character) || character is '\u2028' or '\u2029' ? escaped.Append(' ')
                : Special.Contains(character, StringComparison.Ordinal) ? escaped.Append('\\').Append(character)
                : escaped.Append(character);
        }

        return escaped.ToString();
    }
}
