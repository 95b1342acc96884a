using System.Security.Cryptography;
using System.Text;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Access;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Caps;

/// <summary>
/// Updates of an incident after its acceptance: who may make them, what is signed for them,
/// and the entries that record them.
/// </summary>
public static partial class IncidentUpdates
{
    public const int MaxNoteLength = 1024;

    /// <summary>
    /// Maximum number of updates of one incident by all keys, and by one key: a reader of
    /// the incident gets all of them.
    /// </summary>
    public const int MaxByKeys = 100, MaxByOneKey = 20;

    /// <summary>
    /// Maximum number of updates of one incident including those of operators, so that keys cannot shut them out.
    /// </summary>
    public const int MaxWithOperators = 200;

    public const string ResponderRole = "responder";

    /// <summary>Index of <see cref="Resolved"/> in <see cref="States"/>.</summary>
    public const int ResolvedRank = 2;

    public const string Open = "open", Acknowledged = "acknowledged", Resolved = "resolved";

    /// <summary>Returns the action's name, as it is signed and as views show it.</summary>
    public static string Name(this UpdateAction action) => action switch
    {
        UpdateAction.Acknowledge => "acknowledge",
        UpdateAction.Resolve => "resolve",
        UpdateAction.Reopen => "reopen",
        UpdateAction.Respond => "respond",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, null),
    };

    /// <param name="origin">Origin of the CapID's log, which differs between deployments.</param>
    /// <param name="note">Null for none, which is signed as an empty note.</param>
    /// <returns>
    /// The 32 bytes that a key signs: <c>personal_sign</c> over seven parts, none of which can contain <c>|</c>.
    /// </returns>
    public static byte[] Hash(string origin, string capId, string incidentId, UpdateAction action, string timestamp, string? note) =>
        PersonalSign.Hash(Encoding.UTF8.GetBytes(Text(origin, capId, incidentId, action, timestamp, note)));

    /// <inheritdoc cref="Hash"/>
    /// <returns>The text that a wallet shows to the signer.</returns>
    public static string Text(string origin, string capId, string incidentId, UpdateAction action, string timestamp, string? note)
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(note ?? "")));
        return $"CapOrleans update|{origin}|{capId}|{incidentId}|{action.Name()}|{timestamp}|{digest}";
    }

    /// <returns>What is wrong with the request itself; null when nothing is.</returns>
    public static Refusal? Fault(UpdateRequest request) =>
        request.Note is null && request.Action == UpdateAction.Respond ? new("invalid-field", "note", PrintableText.Rule(MaxNoteLength))
        : request.Note is not null && !PrintableText.IsValid(request.Note, MaxNoteLength)
            ? new("invalid-field", "note", PrintableText.Rule(MaxNoteLength))
        : request.Signature is null && request.Timestamp is not null
            ? new("invalid-field", "timestamp", "only with a signature")
        : null;

    /// <returns>
    /// The request with its signature in normal form, the signer, and the signed time; or why it is refused.
    /// </returns>
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

    /// <returns>Null when the signed time is close enough to <paramref name="now"/>.</returns>
    public static Refusal? TimeFault(DateTimeOffset signedAt, DateTimeOffset now) =>
        signedAt <= now + Authority.MaxAhead && signedAt >= now - Authority.MaxBehind ? null
            : new Refusal("invalid-field", "timestamp", $"{SignedTime.Rule}; at most {Authority.MaxBehind.TotalMinutes:0} minutes " +
                $"before and " +
                $"{Authority.MaxAhead.TotalMinutes:0} minutes after the server's clock, {now:yyyy-MM-ddTHH:mm:ssZ}");

    /// <returns>Why this key may not make the update now; null when it may.</returns>
    public static Refusal? Fault(CapContext context, ProvenUpdate update, DateTimeOffset now)
    {
        if (update.SignedAt is not { } signedAt)
        {
            return null; // an operator
        }

        if (TimeFault(signedAt, now) is { } late)
        {
            return late; // by the time that the entry will have
        }

        var key = context.Keys.FirstOrDefault(key => key.Address == update.By);
        var isActive = key is { RevokedAt: null } && IsWithin(key, signedAt) && IsWithin(key, now);
        var mayAct = isActive && (key!.Roles.Contains(ResponderRole)
            || (update.Request.Action == UpdateAction.Respond && key.Roles.Contains(Authority.AdminRole))
            || (update.Request.Action == UpdateAction.Resolve && update.By == update.Reporter && key.Roles.Contains(
                Admission.ReporterRole)));
        return mayAct ? null : CapRefusals.NotAResponder(update.By, update.Request.Action);
    }

    /// <summary>Whether the incident already is in the wanted state, or this very update was made before.</summary>
    /// <param name="before">The incident's updates, in order.</param>
    /// <param name="page">The newest page: an actor who acknowledged before it may do so again. Null for none.</param>
    public static bool IsRedundant(IReadOnlyList<IncidentUpdateView> before, ProvenUpdate update, NewestPage? page)
    {
        var (request, action) = (update.Request, update.Request.Action.Name());
        bool IsOf(IncidentUpdateView known) => known.By == update.By && known.Action == action;
        return before.Any(known => request.Timestamp is not null && IsOf(known) && known.Timestamp == request.Timestamp
            && known.Note == request.Note)
            || (update.Recovery is { } recovery && before.Any(known => known.Recovery == recovery
                || (known.Action == "reopen" && known.Index > update.RecoveryIndex))) // reopened after the recovery
            || (StateOf(before) == StateAfter(request.Action)
                && (before.Any(known => IsOf(known) && !(known.Index < page?.Index) && (request.Note is null || known.Note == request.Note))
                    || (request.Note is null && request.Action != UpdateAction.Acknowledge)));
    }

    /// <summary>
    /// Whether the incident was set back, or paged again, after this update was signed. Without this check, anyone who
    /// captured an update that changed nothing or was refused could replay it now.
    /// </summary>
    /// <param name="before">The incident's updates, in order.</param>
    /// <param name="page">The newest page; null for none.</param>
    public static bool IsSuperseded(IReadOnlyList<IncidentUpdateView> before, ProvenUpdate update, NewestPage? page)
    {
        var opposite = update.Request.Action switch
        {
            UpdateAction.Acknowledge or UpdateAction.Resolve => "reopen",
            UpdateAction.Reopen => "resolve",
            _ => null,
        };
        return update is { SignedAt: { } signedAt, Recovery: null }
            && (before.Any(known => known.Action == opposite && known.At.ToUnixTimeSeconds() > signedAt.ToUnixTimeSeconds())
                || (update.Request.Action == UpdateAction.Acknowledge && page?.At.ToUnixTimeSeconds() > signedAt.ToUnixTimeSeconds()
                    && before.Any(known => known.Action == "acknowledge" && known.By == update.By && known.Index < page.Index)));
    }

    /// <summary>The states; the index is the number in the database.</summary>
    public static readonly IReadOnlyList<string> States = [Open, Acknowledged, Resolved];

    /// <param name="kind">Kind of an update's entry.</param>
    /// <returns>
    /// The incident's state after it, as an index into <see cref="States"/>; null for a
    /// response, which changes nothing.
    /// </returns>
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

/// <summary>The newest page of an incident.</summary>
/// <param name="Index">Index of its entry.</param>
/// <param name="At">Time of its entry.</param>
public sealed record NewestPage(long Index, DateTimeOffset At);
