using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Caps;

/// <summary>Writes updates into the log, reads them, and verifies logged ones.</summary>
public static partial class IncidentUpdates
{
    /// <summary>
    /// Whether a machine says that the fault is over: its own hook, an integration or a heartbeat. That ends this fault
    /// alone, while people who resolve the first incident of a group resolve all of it.
    /// </summary>
    public static bool IsRecovery(this IncidentUpdateView update) => update.Recovery is not null
        || update.By == HeartbeatEntries.Source || update.By.StartsWith("integration:", StringComparison.Ordinal);

    public static EntryDraft Write(string capId, ProvenUpdate update, string origin, DateTimeOffset now)
    {
        var request = update.Request;
        return Entry.Write(KindOf(request.Action), origin, now, new CanonicalObject()
            .Add("by", update.By)
            .Add("byName", update.ByName)
            .Add("capId", capId)
            .Add("incidentId", update.IncidentId)
            .Add("index", update.Index)
            .Add("note", request.Note)
            .Add("pagingFloor", update.PagingFloor)
            .Add("recovery", update.Recovery)
            .Add("severity", update.Severity)
            .Add("signature", request.Signature)
            .Add("timestamp", request.Timestamp));
    }

    /// <param name="entry">The entry of an update.</param>
    public static (string CapId, string IncidentId, IncidentUpdateView View) ReadView(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        string? Text(string name) => body.GetProperty(name).GetString();
        return (Text("capId")!, Text("incidentId")!, new IncidentUpdateView(
            entry.Index, Entry.ReadInstant(entry), ActionOf(entry.Kind).Name(), Text("by")!, Text("byName"), Text("note"),
            Text("timestamp"), Text("signature"), body.TryGetProperty("recovery", out var recovery) ? recovery.GetString() : null));
    }

    /// <param name="entry">The entry of an update.</param>
    /// <returns>Index of the incident's entry.</returns>
    public static long IndexOf(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        return document.RootElement.GetProperty("body").GetProperty("index").GetInt64();
    }

    /// <summary>
    /// Verifies a logged update. That a reporter resolves its own incident is taken for true: a replay of the
    /// log keeps no incidents in memory.
    /// </summary>
    /// <param name="context">The context when it was logged.</param>
    /// <returns>What is wrong with the entry; null when nothing is.</returns>
    public static string? FaultOf(LogEntry entry, string origin, CapContext context)
    {
        var (capId, incidentId, view) = ReadView(entry);
        var action = ActionOf(entry.Kind);
        if (view.Signature is null)
        {
            var update = new ProvenUpdate(new UpdateRequest(action, null, null, null), incidentId, 0, "", "", view.By, view.By, null,
                view.At);
            return view.Recovery is null ? (EthereumAddress.TryParse(view.By, out _) ? "is invalid: an update by a key without a signature"
                : null)
                : action != UpdateAction.Resolve || Incidents.Recovery.FailureOf(view.Recovery) != incidentId
                    ? "is invalid: the recovery does not match the incident"
                : Fault(context, update, view.At) is { } unauthorised ? $"should have been refused: {unauthorised.Rule}"
                : null;
        }

        var (request, signer, at, refusal) = Prove(
            new UpdateRequest(action, view.Note, view.Timestamp, view.Signature), origin, capId, incidentId, view.At);
        return refusal is not null ? $"is invalid: {refusal.Rule}"
            : signer != view.By || view.Recovery is not null ? $"is invalid: it is signed by {signer}"
            : Fault(context, new ProvenUpdate(request, incidentId, 0, "", "", signer, signer!, null, at), view.At) is { } refused
                ? $"should have been refused: {refused.Rule}"
            : null;
    }
}
