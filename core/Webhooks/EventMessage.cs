using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Access;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Core.Webhooks;

/// <summary>An event for people: the same facts as the CloudEvent that it is made of, as text.</summary>
/// <param name="Title">One line.</param>
public sealed record EventMessage(string Title, string Body)
{
    private const int MaxTitleLength = 150;

    /// <param name="cloudEvent">As <see cref="IncidentEvent"/> writes it.</param>
    public static EventMessage Of(ReadOnlyMemory<byte> cloudEvent)
    {
        using var document = JsonDocument.Parse(cloudEvent);
        var (root, data) = (document.RootElement, document.RootElement.GetProperty("data"));
        return root.GetProperty("type").GetString()!["caporleans.".Length..] switch
        {
            "webhook.test" => new($"Test of webhook {data.GetProperty("webhook").GetString()}", "This webhook can be reached."),
            "incident.accepted" => Accepted(data, []),
            "incident.paged" => Paged(data),
            "silence.ended" => Summary(data),
            "audit.inaction" => Unanswered(data),
            _ => Updated(data),
        };
    }

    /// <returns>The body of a delivery in this format, and its media type.</returns>
    public (byte[] Body, string ContentType) As(MessageFormat format) => format switch
    {
        // Slack's own markup starts with < and & alone.
        MessageFormat.Slack => (new CanonicalObject().Add("text", $"{Title}\n{Body}".Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)).ToBytes(), "application/json"),
        MessageFormat.Matrix => (new CanonicalObject().Add("body", $"{Title}\n{Body}").Add("msgtype", "m.text").ToBytes(),
            "application/json"),
        MessageFormat.Text => (Encoding.UTF8.GetBytes($"{Title}\n\n{Body}\n"), "text/plain"),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
    };

    private static EventMessage Paged(JsonElement data)
    {
        var onCall = string.Join(", ", data.GetProperty("onCall").EnumerateArray().Select(person => Text(person, "name")));
        return Accepted(data.GetProperty("incident"),
        [
            $"Page: ladder {Text(data, "ladder")}, level {data.GetProperty("level")} of {data.GetProperty("levels")}, "
                + $"round {data.GetProperty("round")}{(onCall.Length == 0 ? "" : $"; on call: {onCall}")}",
            $"State: {Text(data, "state")}",
            $"To answer: cap acknowledge {Text(data, "capId")} {Text(data, "incidentId")}",
        ]);
    }

    private static EventMessage Accepted(JsonElement incident, IReadOnlyList<string> more)
    {
        var (severity, description) = (Text(incident, "severity"), Text(incident, "description"));
        List<string> lines =
        [
            description, "", $"CapID: {Text(incident, "capId")}", $"Incident: {Text(incident, "incidentId")}", $"Severity: {severity}",
            $"Agent: {Text(incident, "agent")}", $"Time: {Text(incident, "timestamp")}", $"Reported by: {Reporter(incident)}",
        ];
        if (incident.TryGetProperty("group", out var group))
        {
            lines.Add((group.TryGetProperty("count", out var count) ? $"Group: {count} incidents" : "Group: incidents")
                + $" with {Text(group, "rule")} {Text(group, "key")}");
        }

        return new EventMessage(
            Line($"[{severity}] {Text(incident, "capId")} {Text(incident, "incidentId")}: {description.Split('\n')[0]}"),
            string.Join('\n', lines.Concat(more)));
    }

    private static string Reporter(JsonElement incident) =>
        incident.GetProperty("signer").GetString() is { } signer ? $"{signer} ({Text(incident, "scheme")})"
        : incident.TryGetProperty("integration", out var integration) ? $"{Text(integration, "name")} (unverified)" : "nobody (unverified)";

    private static EventMessage Updated(JsonElement data)
    {
        var did = Text(data, "action") switch { "acknowledge" => "acknowledged", "resolve" => "resolved", "reopen" => "reopened",
            _ => "answered" };
        var by = data.GetProperty("byName").ValueKind == JsonValueKind.String ? Text(data, "byName") : Text(data, "by");
        var note = data.GetProperty("note").ValueKind == JsonValueKind.String ? Text(data, "note") : "";
        return new EventMessage(Line($"{Text(data, "capId")} {Text(data, "incidentId")} was {did} by {by}"), note);
    }

    private static EventMessage Summary(JsonElement data)
    {
        var open = data.GetProperty("incidents").EnumerateArray().Select(one =>
            $"[{Text(one, "severity")}] {Text(one, "capId")} {Text(one, "incidentId")}: {Text(one, "state")}");
        return new EventMessage(
            Line($"Silence {Text(data, "silence")} is over: {data.GetProperty("held")} incidents were held back"), string.Join('\n', open));
    }

    private static EventMessage Unanswered(JsonElement data) => new(
        Line($"Nobody answers: ladder {Text(data, "ladder")} was paged in vain for {data.GetProperty("count")} incidents"),
        string.Join('\n', data.GetProperty("incidents").EnumerateArray().Select(one =>
            $"[{Text(one, "severity")}] {Text(one, "capId")} {Text(one, "incidentId")}")));

    /// <summary>Hosts write descriptions: what is invisible, or would end a line elsewhere, does not pass.</summary>
    private static string Text(JsonElement parent, string name) => string.Concat(parent.GetProperty(name).GetString()!.EnumerateRunes()
        .Select(rune => rune.Value == '\n' || PrintableText.IsVisible(rune) ? rune.ToString() : " "));

    private static string Line(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= MaxTitleLength ? line
            : $"{line[..(char.IsHighSurrogate(line[MaxTitleLength - 2]) ? MaxTitleLength - 2 : MaxTitleLength - 1)]}…";
    }
}
