using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Integrations;

/// <summary>An incident that another system describes in its own format. Nobody signs it, and it moves no score.</summary>
/// <param name="Source">What it is about; becomes the agent.</param>
/// <param name="Severity">One of ours.</param>
/// <param name="DedupKey">Null for none.</param>
/// <param name="Event">What the other system sent, without secrets; kept with the incident.</param>
public sealed record ForeignIncident(
    string IncidentId, string Source, string Severity, string Description, string? DedupKey, IEnumerable<JsonProperty> Event)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="now">Becomes the incident's time: other systems send the same event again much later.</param>
    /// <returns>Either a report, or a refusal that names the member of the resulting incident and the rule.</returns>
    public (IncidentReport? Report, Refusal? Refusal) ToReport(string capId, DateTimeOffset now)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteString("agent", AgentOf(Source));
            json.WriteString("cap_id", capId);
            if (DedupKey is not null)
            {
                json.WriteString("dedup_key", DedupKey);
            }

            json.WriteString("description", Shorten(Description));
            json.WriteStartObject("event");
            foreach (var member in Event)
            {
                member.WriteTo(json);
            }

            json.WriteEndObject();
            json.WriteString("severity", Severity);
            json.WriteString("task_id", IncidentId);
            json.WriteString("timestamp", now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }

        return IncidentReader.Read(output.WrittenMemory);
    }

    private static string AgentOf(string source)
    {
        var text = new string([.. source.Take(Identifiers.MaxAgentLength).Select(c => char.IsControl(c) || c == '|' ? ' ' : c)]).Trim();
        text = text.Length > 0 && char.IsHighSurrogate(text[^1]) ? text[..^1] : text;
        return text.Length == 0 ? "unknown" : text;
    }

    /// <summary>Cuts what is longer than a description may be.</summary>
    private static string Shorten(string description)
    {
        const char Cut = '…';
        if (Encoding.UTF8.GetByteCount(description) <= IncidentReader.MaxDescriptionBytes)
        {
            return description;
        }

        var (kept, bytes) = (new StringBuilder(), Encoding.UTF8.GetByteCount([Cut]));
        foreach (var rune in description.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > IncidentReader.MaxDescriptionBytes)
            {
                break;
            }

            kept.Append(rune.ToString());
        }

        return kept.Append(Cut).ToString();
    }
}
