using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Core.Escalation;

/// <summary>A request to answer an incident, at one step of a ladder.</summary>
/// <param name="Index">Index of the incident's entry.</param>
/// <param name="Level">From 1.</param>
/// <param name="Levels">Number of levels of the ladder.</param>
/// <param name="Round">From 1; increases with each repetition of all levels.</param>
/// <param name="Since">Answers count only in entries after this index.</param>
/// <param name="Acknowledgements">Number of acknowledgements that it takes.</param>
/// <param name="Webhooks">Ids of the webhooks that are paged; none when no one is on call.</param>
/// <param name="OnCall">The people on call that are paged.</param>
public sealed record Page(
    string CapId, string IncidentId, long Index, string Severity, string Ladder, int Level, int Levels, int Round, long Since,
    int Acknowledgements, IReadOnlyList<string> Webhooks, IReadOnlyList<OnCallView> OnCall)
{
    /// <param name="row">The escalation whose next step this is.</param>
    /// <param name="recipients">Of the step's level, at the time of the step.</param>
    public static Page Of(EscalationRow row, Ladder ladder, Recipients recipients) =>
        new(
            row.CapId, row.IncidentId, row.Index, row.Severity, ladder.Id, (row.Step % ladder.Levels.Count) + 1, ladder.Levels.Count,
            (row.Step / ladder.Levels.Count) + 1, row.Since,
            ladder.AcknowledgementsAt(row.Step), recipients.Webhooks, recipients.OnCall);

    public EntryDraft Write(string origin, DateTimeOffset now) => Entry.Write(EntryKinds.IncidentPaged, origin, now, new CanonicalObject()
        .Add("acknowledgements", Acknowledgements)
        .Add("capId", CapId)
        .Add("incidentId", IncidentId)
        .Add("index", Index)
        .Add("ladder", Ladder)
        .Add("level", Level)
        .Add("levels", Levels)
        .Add("onCall", OnCall.Select(Describe))
        .Add("round", Round)
        .Add("severity", Severity)
        .Add("since", Since)
        .Add("webhooks", Webhooks));

    public static CanonicalObject Describe(OnCallView person) =>
        new CanonicalObject().Add("name", person.Name).Add("rotation", person.Rotation).Add("webhook", person.Webhook);

    /// <param name="entry">An <c>incident.paged</c> entry.</param>
    public static Page Read(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        string Text(string name) => body.GetProperty(name).GetString()!;
        int Number(string name) => body.GetProperty(name).GetInt32();
        return new Page(
            Text("capId"), Text("incidentId"), body.GetProperty("index").GetInt64(), Text("severity"), Text("ladder"), Number("level"),
            Number("levels"), Number("round"), body.GetProperty("since").GetInt64(), Number("acknowledgements"),
            [.. body.GetProperty("webhooks").EnumerateArray().Select(webhook => webhook.GetString()!)],
            // Pages from before there were rotations have none.
            !body.TryGetProperty("onCall", out var onCall) ? [] : [.. onCall.EnumerateArray().Select(one => new OnCallView(
                one.GetProperty("rotation").GetString()!, one.GetProperty("name").GetString()!, one.GetProperty("webhook").GetString()!))]);
    }
}
