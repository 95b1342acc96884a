using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Access;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Caps;

/// <summary>What is done about an incident after its acceptance: who may, what is signed for it, and the entry that says so.</summary>
public static class IncidentUpdates
{
    public const int MaxNoteLength = 1024;

    /// <summary>Of one incident; one more is refused, since whoever looks at it is shown them all.</summary>
    public const int MaxEach = 100;

    public const string ResponderRole = "responder";

    public const string Open = "open", Acknowledged = "acknowledged", Resolved = "resolved";

    /// <summary>As it is signed, and in the path of the call.</summary>
    public static string Name(this UpdateAction action) => action switch
    {
        UpdateAction.Acknowledge => "acknowledge",
        UpdateAction.Resolve => "resolve",
        UpdateAction.Reopen => "reopen",
        UpdateAction.Respond => "respond",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, null),
    };

    /// <param name="origin">Of the CapID's log: the same CapID of another deployment has another.</param>
    /// <param name="note">Null for none, which is signed as an empty one.</param>
    /// <returns>The 32 bytes that a key signs: <c>personal_sign</c> over seven parts, of which none can hold <c>|</c>.</returns>
    public static byte[] Hash(string origin, string capId, string incidentId, UpdateAction action, string timestamp, string? note)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(note ?? "")));
        return PersonalSign.Hash(Encoding.UTF8.GetBytes(
            $"CapOrleans update|{origin}|{capId}|{incidentId}|{action.Name()}|{timestamp}|{digest}"));
    }

    /// <returns>What is wrong with the request itself; null for nothing.</returns>
    public static Refusal? Fault(UpdateRequest request) =>
        request.Note is null && request.Action == UpdateAction.Respond ? new("invalid-field", "note", PrintableText.Rule(MaxNoteLength))
        : request.Note is not null && !PrintableText.Is(request.Note, MaxNoteLength)
            ? new("invalid-field", "note", PrintableText.Rule(MaxNoteLength))
        : request.Signature is null && request.Timestamp is not null
            ? new("invalid-field", "timestamp", "only with a signature")
        : null;

    /// <returns>Whose signature it is and when it was made, or why it is none.</returns>
    public static (string? Signer, DateTimeOffset At, Refusal? Refusal) Prove(
        UpdateRequest request, string origin, string capId, string incidentId, DateTimeOffset now)
    {
        if (request.Timestamp is null || !SignedTime.TryParse(request.Timestamp, out var at) || at > now + Authority.MaxAhead
            || at < now - Authority.MaxBehind)
        {
            return Refuse("timestamp", $"{SignedTime.Rule}; at most {Authority.MaxBehind.TotalMinutes:0} minutes before and " +
                $"{Authority.MaxAhead.TotalMinutes:0} minutes after the server's clock, {now:yyyy-MM-ddTHH:mm:ssZ}");
        }

        return Recover(request, origin, capId, incidentId) is var (signer, rule) && signer is null
            ? Refuse("signature", rule!) : (signer, at, null);

        static (string?, DateTimeOffset, Refusal?) Refuse(string field, string rule) =>
            (null, default, new Refusal("invalid-field", field, rule));
    }

    /// <returns>Whose key made it, or the rule that it breaks.</returns>
    private static (string? Signer, string? Rule) Recover(UpdateRequest request, string origin, string capId, string incidentId) =>
        !RecoverableSignature.TryParse(request.Signature ?? "", out var signature, out var fault) ? (null, fault)
        : Secp256k1.Instance.TryRecover(
            Hash(origin, capId, incidentId, request.Action, request.Timestamp!, request.Note), signature, out var signer)
            ? ($"{signer}", null)
        : (null, "a signature from which a public key can be recovered");

    /// <returns>Why this key may not do this now; null when it may.</returns>
    public static Refusal? Fault(CapContext context, ProvenUpdate update, DateTimeOffset now)
    {
        if (update.SignedAt is not { } signedAt)
        {
            return null; // an operator
        }

        var key = context.Keys.FirstOrDefault(key => key.Address == update.By);
        var isActive = key is { RevokedAt: null } && IsWithin(key, signedAt) && IsWithin(key, now);
        var mayAct = isActive && (key!.Roles.Contains(ResponderRole)
            || (update.Request.Action == UpdateAction.Respond && key.Roles.Contains(Authority.AdminRole))
            || (update.Request.Action == UpdateAction.Resolve && update.By == update.Reporter && key.Roles.Contains(
                Admission.ReporterRole)));
        return mayAct ? null : CapRefusals.NotAResponder(update.By, update.Request.Action);
    }

    /// <summary>Whether the incident is so already, or the very same was said before.</summary>
    /// <param name="before">Its updates, in order.</param>
    public static bool IsSo(IReadOnlyList<IncidentUpdateView> before, UpdateRequest request, string by, string? recovery = null) =>
        before.Any(update => recovery is not null && update.Recovery == recovery)
        || before.Any(update => update.Signature is not null && update.Signature == request.Signature
            && update.Timestamp == request.Timestamp)
        || (request.Action switch
        {
            UpdateAction.Acknowledge => StateOf(before) == Acknowledged,
            UpdateAction.Resolve => StateOf(before) == Resolved,
            UpdateAction.Reopen => StateOf(before) == Open,
            _ => false,
        } && Says(before, request, by));

    /// <summary>What this one has to say is there: nothing more than the state, or the same note.</summary>
    private static bool Says(IReadOnlyList<IncidentUpdateView> before, UpdateRequest request, string by) =>
        before.Any(update => update.Action == request.Action.Name() && update.By == by && (request.Note is null
            || update.Note == request.Note))
        || (request.Note is null && request.Action != UpdateAction.Acknowledge);

    /// <param name="updates">In order.</param>
    public static string StateOf(IEnumerable<IncidentUpdateView> updates) =>
        updates.LastOrDefault(update => update.Action != "respond")?.Action switch
        {
            "acknowledge" => Acknowledged,
            "resolve" => Resolved,
            _ => Open,
        };

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

    /// <param name="entry">Of an update.</param>
    public static (string CapId, string IncidentId, IncidentUpdateView View) ReadView(LogEntry entry)
    {
        using var document = JsonDocument.Parse(entry.Bytes);
        var body = document.RootElement.GetProperty("body");
        string? Text(string name) => body.GetProperty(name).GetString();
        return (Text("capId")!, Text("incidentId")!, new IncidentUpdateView(
            entry.Index, Entry.ReadInstant(entry), ActionOf(entry.Kind).Name(), Text("by")!, Text("byName"), Text("note"),
            Text("timestamp"), Text("signature"), Text("recovery")));
    }

    /// <summary>
    /// Checks a stored update once more. That a reporter resolves what it reported itself is taken for true: who replays a log keeps no
    /// incident in memory.
    /// </summary>
    /// <param name="context">That held when it was logged.</param>
    /// <returns>What is wrong with the entry; null for nothing.</returns>
    public static string? FaultOf(LogEntry entry, string origin, CapContext context)
    {
        var (capId, incidentId, view) = ReadView(entry);
        if (view.Signature is null)
        {
            return null;
        }

        var request = new UpdateRequest(ActionOf(entry.Kind), view.Note, view.Timestamp, view.Signature);
        var (signer, at, refusal) = Prove(request, origin, capId, incidentId, view.At);
        return refusal is not null ? $"does not hold: {refusal.Rule}"
            : signer != view.By ? $"does not hold: it is signed by {signer}"
            : Fault(context, new ProvenUpdate(request, incidentId, 0, "", "", signer, signer!, null, at, IsSo: false),
                view.At) is { } unauthorised ? $"had to be refused: {unauthorised.Rule}"
            : null;
    }

    private static bool IsWithin(SigningKey key, DateTimeOffset at) => !(key.NotBefore > at) && !(key.NotAfter <= at);

    private static string KindOf(UpdateAction action) => action switch
    {
        UpdateAction.Acknowledge => EntryKinds.IncidentAcknowledged,
        UpdateAction.Resolve => EntryKinds.IncidentResolved,
        UpdateAction.Reopen => EntryKinds.IncidentReopened,
        _ => EntryKinds.IncidentResponded,
    };

    private static UpdateAction ActionOf(string kind) => kind switch
    {
        EntryKinds.IncidentAcknowledged => UpdateAction.Acknowledge,
        EntryKinds.IncidentResolved => UpdateAction.Resolve,
        EntryKinds.IncidentReopened => UpdateAction.Reopen,
        EntryKinds.IncidentResponded => UpdateAction.Respond,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
