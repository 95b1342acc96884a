using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Core.Escalation;

/// <summary>Somebody is to answer an incident.</summary>
/// <param name="Index">Of the incident's entry.</param>
/// <param name="Level">From 1.</param>
/// <param name="Levels">Of the ladder.</param>
/// <param name="Round">From 1; one more with each repetition of all levels.</param>
/// <param name="Since">Answers in entries behind this index count.</param>
/// <param name="Acknowledgements">That it takes.</param>
/// <param name="Webhooks">That are told.</param>
public sealed record Page(
    string CapId, string IncidentId, long Index, string Severity, string Ladder, int Level, int Levels, int Round, long Since,
    int Acknowledgements, IReadOnlyList<string> Webhooks)
{
    /// <param name="row">Whose step this is.</param>
    public static Page Of(EscalationRow row, Ladder ladder)
    {
        var level = ladder.Levels[row.Step % ladder.Levels.Count];
        return new Page(
            row.CapId, row.IncidentId, row.Index, row.Severity, ladder.Id, (row.Step % ladder.Levels.Count) + 1, ladder.Levels.Count,
            (row.Step / ladder.Levels.Count) + 1, row.Since,
            ladder.AcknowledgementsAt(row.Step), level.Webhooks);
    }

    public EntryDraft Write(string origin, DateTimeOffset now) => Entry.Write(EntryKinds.IncidentPaged, origin, now, new CanonicalObject()
        .Add("acknowledgements", Acknowledgements)
        .Add("capId", CapId)
        .Add("incidentId", IncidentId)
        .Add("index", Index)
        .Add("ladder", Ladder)
        .Add("level", Level)
        .Add("levels", Levels)
        .Add("round", Round)
        .Add("severity", Severity)
        .Add("since", Since)
        .Add("webhooks", Webhooks));

    /// <param name="entry">Of a page.</param>
    public static Page Read(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        string Text(string name) => body.GetProperty(name).GetString()!;
        int Number(string name) => body.GetProperty(name).GetInt32();
        return new Page(
            Text("capId"), Text("incidentId"), body.GetProperty("index").GetInt64(), Text("severity"), Text("ladder"), Number("level"),
            Number("levels"), Number("round"), body.GetProperty("since").GetInt64(), Number("acknowledgements"),
            [.. body.GetProperty("webhooks").EnumerateArray().Select(webhook => webhook.GetString()!)]);
    }
}
