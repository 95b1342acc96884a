using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Escalation;

/// <summary>
/// One message in place of the pages that a silence held back. Each of its incidents is paged at this level of the ladder
/// unless it is answered within the level's wait.
/// </summary>
/// <param name="Level">From 1.</param>
/// <param name="WaitSeconds">From the summary to the first page.</param>
/// <param name="Held">Number of incidents, including those beyond <see cref="MaxListed"/>.</param>
/// <param name="Incidents">The most severe first, at most <see cref="MaxListed"/>.</param>
/// <param name="Webhooks">Those of the level.</param>
public sealed record SilenceSummary(
    string Silence, string Ladder, int Level, int Levels, int Acknowledgements, int WaitSeconds, int Held,
    IReadOnlyList<SilencedIncident> Incidents, IReadOnlyList<string> Webhooks)
{
    /// <summary>Keeps the entry below 64 KiB.</summary>
    public const int MaxListed = 50;

    /// <param name="released">Of one silence, ladder and level; at least one.</param>
    public static SilenceSummary Of(
        IReadOnlyList<EscalationRow> released, string silence, Ladder ladder, IReadOnlyList<Rotation> rotations, DateTimeOffset now)
    {
        var step = released[0].Step;
        var level = ladder.Levels[step % ladder.Levels.Count];
        return new SilenceSummary(
            silence, ladder.Id, (step % ladder.Levels.Count) + 1, ladder.Levels.Count, ladder.AcknowledgementsAt(step), level.WaitSeconds,
            released.Count,
            [.. released.OrderByDescending(row => Severity.Rank(row.Severity)).ThenBy(row => row.Index).Take(MaxListed)
                .Select(row => new SilencedIncident(row.CapId, row.IncidentId, row.Index, row.Severity, row.Since))],
            Recipients.Of(level, rotations, now).Webhooks);
    }

    public EntryDraft Write(string origin, DateTimeOffset now) => Entry.Write(EntryKinds.SilenceEnded, origin, now, new CanonicalObject()
        .Add("acknowledgements", Acknowledgements)
        .Add("held", Held)
        .Add("incidents", Incidents.Select(incident => new CanonicalObject()
            .Add("capId", incident.CapId)
            .Add("incidentId", incident.IncidentId)
            .Add("index", incident.Index)
            .Add("severity", incident.Severity)
            .Add("since", incident.Since)))
        .Add("ladder", Ladder)
        .Add("level", Level)
        .Add("levels", Levels)
        .Add("silence", Silence)
        .Add("waitSeconds", WaitSeconds)
        .Add("webhooks", Webhooks));

    /// <param name="entry">Of kind <c>silence.ended</c>.</param>
    public static SilenceSummary Read(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        int Number(string name) => body.GetProperty(name).GetInt32();
        return new SilenceSummary(
            Text(body, "silence"), Text(body, "ladder"), Number("level"), Number("levels"), Number("acknowledgements"),
            Number("waitSeconds"), Number("held"),
            [.. body.GetProperty("incidents").EnumerateArray().Select(incident => new SilencedIncident(
                Text(incident, "capId"), Text(incident, "incidentId"), incident.GetProperty("index").GetInt64(), Text(incident, "severity"),
                incident.GetProperty("since").GetInt64()))],
            [.. body.GetProperty("webhooks").EnumerateArray().Select(webhook => webhook.GetString()!)]);
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}

/// <param name="Index">Of the incident's entry.</param>
/// <param name="Since">Answers in later entries count.</param>
public sealed record SilencedIncident(string CapId, string IncidentId, long Index, string Severity, long Since);
