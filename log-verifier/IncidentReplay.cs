using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;

namespace CapOrleans.LogVerifier;

/// <summary>
/// Keeps what later entries repeat about a log's incidents, in half a hash and a number each, since a log may have many
/// millions.
/// </summary>
internal sealed class IncidentReplay
{
    private readonly Dictionary<UInt128, long> incidents = [];
    private readonly HashSet<UInt128> seenAnswers = [];
    private readonly Dictionary<UInt128, (long Since, int Step)> paged = [];
    private readonly HashSet<UInt128> reported = []; // by a report of inaction; some are of other logs

    /// <returns>What is wrong with the entry; null when nothing is.</returns>
    public string? Accept(long index, AcceptedIncident incident) =>
        incidents.TryAdd(NameOf(incident.CapId, incident.IncidentId), Pack(index, incident.Severity, incident.PagingFloor)) ? null
            : $"accepts {incident.CapId}/{incident.IncidentId} again";

    /// <param name="body">The body of a correction or an unanswered escalation, which names the incident.</param>
    public bool Has(JsonElement body) => incidents.ContainsKey(NameOf(Text(body, "capId")!, Text(body, "incidentId")!));

    /// <param name="body">The body of a delivery.</param>
    public bool HasOrReported(JsonElement body) =>
        Has(body) || reported.Contains(NameOf(Text(body, "capId")!, Text(body, "incidentId")!));

    /// <param name="entry">A report of inaction, which may list incidents of other logs.</param>
    public string? Report(LogEntry entry)
    {
        var inaction = Core.Escalation.Inaction.Read(entry);
        reported.UnionWith(inaction.Incidents.Select(one => NameOf(one.CapId, one.IncidentId)));
        return inaction.Count >= inaction.Incidents.Count && inaction.Incidents.Count > 0 ? null : "counts fewer incidents than it lists";
    }

    /// <param name="body">The body of an update.</param>
    /// <returns>What is wrong with the update; null when nothing is.</returns>
    public string? Update(JsonElement body)
    {
        var capId = Text(body, "capId")!;
        if (!incidents.TryGetValue(NameOf(capId, Text(body, "incidentId")!), out var accepted))
        {
            return "updates an incident that was not accepted before";
        }

        if (Pack(body.GetProperty("index").GetInt64(), Text(body, "severity")!, Text(body, "pagingFloor")!) != accepted)
        {
            return "states a different index, severity or pagingFloor than the incident's";
        }

        var recovery = body.TryGetProperty("recovery", out var over) ? over.GetString() : null;
        if (recovery is not null)
        {
            return !incidents.ContainsKey(NameOf(capId, recovery)) ? "names a recovery that was not accepted before"
                : !seenAnswers.Add(NameOf(capId, $"recovery {recovery}")) ? "names a recovery that already resolved an incident" : null;
        }

        // A signature covers one incident, one action, one time and one note.
        return Text(body, "signature") is { } signature && !seenAnswers.Add(NameOf(capId, $"signed {signature}"))
            ? "replays the signature of an earlier entry" : null;
    }

    /// <param name="entry">The entry of a page.</param>
    /// <returns>What is wrong with the page; null when nothing is.</returns>
    public string? Page(LogEntry entry)
    {
        var page = Core.Escalation.Page.Read(entry);
        var name = NameOf(page.CapId, page.IncidentId);
        if (!incidents.TryGetValue(name, out var accepted) || accepted >> 4 != page.Index)
        {
            return "pages an incident that was not accepted before";
        }

        var step = ((page.Round - 1) * page.Levels) + page.Level;
        var isNext = paged.TryGetValue(name, out var before) && before.Since == page.Since ? step == before.Step + 1
            : page.Since == page.Index ? before.Step == 0 && step == 1
            : page.Since > before.Since && page.Since < entry.Index;
        paged[name] = (page.Since, step);
        return isNext ? null : "skips or repeats a step of its ladder";
    }

    /// <param name="entry">Of a silence's summary.</param>
    /// <returns>The finding; null if there is none.</returns>
    public string? Summary(LogEntry entry) => Core.Escalation.SilenceSummary.Read(entry).Incidents.All(
        one => incidents.TryGetValue(NameOf(one.CapId, one.IncidentId), out var accepted) && accepted >> 4 == one.Index)
            ? null : "sums up an incident that was not accepted before";

    private static string? Text(JsonElement body, string name) => body.GetProperty(name).GetString();

    private static long Pack(long index, string severity, string pagingFloor) =>
        (index << 4) | ((long)Severity.Rank(severity) << 2) | (long)Severity.Rank(pagingFloor);

    private static UInt128 NameOf(string capId, string name) =>
        BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{capId}/{name}")));
}
