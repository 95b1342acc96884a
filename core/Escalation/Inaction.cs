using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Escalation;

/// <summary>A report that nobody answers: a ladder's levels were paged in vain for several incidents.</summary>
/// <param name="Count">Number of incidents, including those beyond <see cref="MaxListed"/>.</param>
/// <param name="Incidents">In the order of their last waits' ends, at most <see cref="MaxListed"/>; at least one.</param>
public sealed record Inaction(
    string Ladder, int WithinSeconds, int Count, IReadOnlyList<UnansweredIncident> Incidents, IReadOnlyList<string> Webhooks)
{
    /// <summary>Keeps the entry below 64 KiB.</summary>
    public const int MaxListed = 50;

    /// <summary>The most severe of the listed incidents.</summary>
    public UnansweredIncident Worst => Incidents.MaxBy(incident => Severity.Rank(incident.Severity))!;

    /// <param name="row">Of an escalation whose last wait has ended.</param>
    /// <returns>Null if the ladder reports no inaction.</returns>
    public static UnansweredRow? Row(int log, EscalationRow row, Ladder? ladder, DateTimeOffset now) => ladder?.Inaction is not { } rule
        ? null : new UnansweredRow(
            log, row.Index, row.CapId, row.IncidentId, row.Severity, row.Ladder, row.Since, now, now.AddSeconds(rule.WithinSeconds));

    /// <param name="unanswered">Of one ladder, in the order of their ends.</param>
    public static Inaction Of(string ladder, InactionRule rule, IReadOnlyList<UnansweredRow> unanswered) => new(
        ladder, rule.WithinSeconds, unanswered.Count,
        [.. unanswered.Take(MaxListed).Select(row => new UnansweredIncident(row.CapId, row.IncidentId, row.Log, row.Index, row.Severity))],
        rule.Webhooks);

    public EntryDraft Write(string origin, DateTimeOffset now) => Entry.Write(EntryKinds.AuditInaction, origin, now, new CanonicalObject()
        .Add("count", Count)
        .Add("incidents", Incidents.Select(Describe))
        .Add("ladder", Ladder)
        .Add("webhooks", Webhooks)
        .Add("withinSeconds", WithinSeconds));

    public static CanonicalObject Describe(UnansweredIncident incident) => new CanonicalObject()
        .Add("capId", incident.CapId)
        .Add("incidentId", incident.IncidentId)
        .Add("index", incident.Index)
        .Add("log", incident.Log)
        .Add("severity", incident.Severity);

    /// <param name="entry">Of kind <c>audit.inaction</c>.</param>
    public static Inaction Read(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        return new Inaction(
            body.GetProperty("ladder").GetString()!, body.GetProperty("withinSeconds").GetInt32(), body.GetProperty("count").GetInt32(),
            [.. body.GetProperty("incidents").EnumerateArray().Select(incident => new UnansweredIncident(
                incident.GetProperty("capId").GetString()!, incident.GetProperty("incidentId").GetString()!,
                incident.GetProperty("log").GetInt32(), incident.GetProperty("index").GetInt64(),
                incident.GetProperty("severity").GetString()!))],
            [.. body.GetProperty("webhooks").EnumerateArray().Select(webhook => webhook.GetString()!)]);
    }
}

/// <param name="Log">Number of the log of the incident's entry.</param>
/// <param name="Index">Of the incident's entry.</param>
public sealed record UnansweredIncident(string CapId, string IncidentId, int Log, long Index, string Severity);
