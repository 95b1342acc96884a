using System.Security.Cryptography;
using System.Text;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Access;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Caps;

/// <summary>What is done about an incident after its acceptance: who may, what is signed for it, and the entry that says so.</summary>
public static partial class IncidentUpdates
{
    public const int MaxNoteLength = 1024;

    /// <summary>Of one incident by keys, and by one of them; one more is refused, since whoever looks at it is shown them all.</summary>
    public const int MaxEach = 100, MaxOfOneKey = 20;

    /// <summary>Of one incident, with those of operators, whom no key shuts out.</summary>
    public const int MaxWithOperators = 200;

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
    public static byte[] Hash(string origin, string capId, string incidentId, UpdateAction action, string timestamp, string? note) =>
        PersonalSign.Hash(Encoding.UTF8.GetBytes(Text(origin, capId, incidentId, action, timestamp, note)));

    /// <inheritdoc cref="Hash"/>
    /// <returns>What a wallet shows to who signs it.</returns>
    public static string Text(string origin, string capId, string incidentId, UpdateAction action, string timestamp, string? note)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(note ?? "")));
        return $"CapOrleans update|{origin}|{capId}|{incidentId}|{action.Name()}|{timestamp}|{digest}";
    }

    /// <returns>What is wrong with the request itself; null for nothing.</returns>
    public static Refusal? Fault(UpdateRequest request) =>
        request.Note is null && request.Action == UpdateAction.Respond ? new("invalid-field", "note", PrintableText.Rule(MaxNoteLength))
        : request.Note is not null && !PrintableText.Is(request.Note, MaxNoteLength)
            ? new("invalid-field", "note", PrintableText.Rule(MaxNoteLength))
        : request.Signature is null && request.Timestamp is not null
            ? new("invalid-field", "timestamp", "only with a signature")
        : null;

    /// <returns>The request with its signature in one spelling, whose it is and when it was made; or why it is none.</returns>
    public static (UpdateRequest Request, string? Signer, DateTimeOffset At, Refusal? Refusal) Prove(
        UpdateRequest request, string origin, string capId, string incidentId, DateTimeOffset now)
    {
        if (request.Timestamp is null || !SignedTime.TryParse(request.Timestamp, out var at) || TimeFault(at, now) is not null)
        {
            return (request, null, default, TimeFault(default, now));
        }

        return !RecoverableSignature.TryParse(request.Signature ?? "", out var signature, out var fault)
                ? (request, null, default, new Refusal("invalid-field", "signature", fault))
            : !Secp256k1.Instance.TryRecover(
                Hash(origin, capId, incidentId, request.Action, request.Timestamp, request.Note), signature, out var signer)
                ? (request, null, default, new Refusal("invalid-field", "signature",
                    "a signature from which a public key can be recovered"))
            : (request with { Signature = $"{signature}" }, $"{signer}", at, null);
    }

    /// <returns>Null when it was signed lately.</returns>
    public static Refusal? TimeFault(DateTimeOffset signedAt, DateTimeOffset now) =>
        signedAt <= now + Authority.MaxAhead && signedAt >= now - Authority.MaxBehind ? null
            : new Refusal("invalid-field", "timestamp", $"{SignedTime.Rule}; at most {Authority.MaxBehind.TotalMinutes:0} minutes " +
                $"before and " +
                $"{Authority.MaxAhead.TotalMinutes:0} minutes after the server's clock, {now:yyyy-MM-ddTHH:mm:ssZ}");

    /// <returns>Why this key may not do this now; null when it may.</returns>
    public static Refusal? Fault(CapContext context, ProvenUpdate update, DateTimeOffset now)
    {
        if (update.SignedAt is not { } signedAt)
        {
            return null; // an operator
        }

        if (TimeFault(signedAt, now) is { } late)
        {
            return late; // by the clock that the entry has
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
    /// <param name="pagedAt">Index of the newest page: who acknowledged before that, may again. Negative for
    /// none.</param>
    public static bool IsSo(IReadOnlyList<IncidentUpdateView> before, ProvenUpdate update, long pagedAt)
    {
        var (request, action) = (update.Request, update.Request.Action.Name());
        bool IsOf(IncidentUpdateView known) => known.By == update.By && known.Action == action;
        return before.Any(known => request.Timestamp is not null && IsOf(known) && known.Timestamp == request.Timestamp
            && known.Note == request.Note)
            || (update.Recovery is { } recovery && before.Any(known => known.Recovery == recovery
                || (known.Action == "reopen" && known.Index > update.RecoveryIndex))) // what was opened since, is not over by that
            || (StateOf(before) == StateAfter(request.Action)
                && (before.Any(known => IsOf(known) && known.Index > pagedAt && (request.Note is null || known.Note == request.Note))
                    || (request.Note is null && request.Action != UpdateAction.Acknowledge)));
    }

    /// <summary>
    /// Whether somebody set the incident back after this was signed. Who saw it on its way, when it changed nothing or was refused, could send
    /// it again now.
    /// </summary>
    /// <param name="before">Its updates, in order.</param>
    public static bool IsOvertaken(IReadOnlyList<IncidentUpdateView> before, ProvenUpdate update)
    {
        var opposite = update.Request.Action switch
        {
            UpdateAction.Acknowledge or UpdateAction.Resolve => "reopen",
            UpdateAction.Reopen => "resolve",
            _ => null,
        };
        return update is { SignedAt: { } signedAt, Recovery: null }
            && before.Any(known => known.Action == opposite && known.At.ToUnixTimeSeconds() > signedAt.ToUnixTimeSeconds());
    }

    /// <summary>Each at the index that is its number in a database.</summary>
    public static readonly IReadOnlyList<string> States = [Open, Acknowledged, Resolved];

    /// <param name="kind">Of an update's entry.</param>
    /// <returns>What the incident is after it, as an index of <see cref="States"/>; null for a response, which changes nothing.</returns>
    public static int? StateRank(string kind) => StateAfter(ActionOf(kind)) is { } state ? States.ToList().IndexOf(state) : null;

    private static string? StateAfter(UpdateAction action) => action switch
    {
        UpdateAction.Acknowledge => Acknowledged,
        UpdateAction.Resolve => Resolved,
        UpdateAction.Reopen => Open,
        _ => null,
    };

    /// <param name="updates">In order.</param>
    public static string StateOf(IEnumerable<IncidentUpdateView> updates) =>
        updates.LastOrDefault(update => update.Action != "respond")?.Action switch
        {
            "acknowledge" => Acknowledged,
            "resolve" => Resolved,
            _ => Open,
        };

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
