using System.Text.Json;

namespace CapOrleans.Contracts.Gates;

/// <summary>A gate as it sees itself: <c>GET /v1/gate/status</c> of the gate.</summary>
/// <param name="Api">Where the gate forwards to.</param>
/// <param name="LastError">What keeps it from forwarding; null when nothing does.</param>
/// <param name="KeyError">What keeps it from telling who may not speak; null when nothing does.</param>
/// <param name="HeartbeatError">What keeps the cluster from hearing it; null when nothing does.</param>
/// <param name="Resting">CapIDs whose turn comes later, and why.</param>
/// <param name="SpoolError">What keeps the spool's disk from being written or read; null when nothing does.</param>
public sealed record GateStatus(
    string Name, string Address, SpoolCounts Spool, long MaxBytes, Uri Api, string? LastError, string? KeyError,
    string? HeartbeatError, IReadOnlyList<QueueRetry> Resting, string? SpoolError = null);

/// <param name="Status"><c>ready</c>, or <c>degraded</c> while the cluster cannot be reached: incidents are taken, and wait.</param>
/// <param name="LastError">For operators: what keeps the gate from forwarding.</param>
public sealed record GateReadiness(string Status, string? LastError);

/// <param name="Next">Hand it back as <c>before</c> for the next page; null at the end.</param>
public sealed record DeadPage(IReadOnlyList<DeadLetter> Items, long? Next);

/// <param name="UnvouchedBytes">Of the bytes, what no list of keys vouches for.</param>
/// <param name="OldestAt">When the one that has waited longest arrived.</param>
/// <param name="DroppedDead">Dead letters that made room for newer ones, or were one more conflict of an incident, since the start.</param>
/// <param name="Refused">Refused with 507 since the start, because the spool was full or its disk did not take it.</param>
public sealed record SpoolCounts(long Waiting, long Bytes, long UnvouchedBytes, DateTimeOffset? OldestAt, long Dead, long DroppedDead,
    long Refused);

/// <summary>What the cluster did not decide about, and will be asked again.</summary>
/// <param name="Queue">
/// The CapID; with a wallet and an address behind it, what that address sent and that wallet has yet to say yes to; with # and a number
/// behind it, the one incident of that number, which something between gate and cluster refuses.
/// </param>
/// <param name="Attempts">How often its first incident was sent by itself, and not decided.</param>
/// <param name="Problem">The cluster's.</param>
public sealed record QueueRetry(string Queue, DateTimeOffset Until, int Attempts, int Status, JsonElement? Problem);

/// <summary>What the cluster refused, kept until somebody looks at it.</summary>
/// <param name="Problem">The cluster's problem.</param>
/// <param name="IsVouched">
/// A list of keys, or what the cluster refused it for, says that its signer may report. Never of a conflict (409): whoever captured one
/// incident makes as many of these as he likes.
/// </param>
/// <param name="Advice">What can be done about it.</param>
public sealed record DeadLetter(
    long Number, string CapId, string IncidentId, JsonElement Incident, DateTimeOffset ReceivedAt, DateTimeOffset RefusedAt, int Status,
    JsonElement Problem, bool IsVouched, string? Advice = null);

/// <param name="Key">X25519, 32 bytes as base64.</param>
public sealed record SealingKeyAnswer(string ContentType, string Key);
