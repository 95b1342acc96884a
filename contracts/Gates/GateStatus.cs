using System.Text.Json;

namespace CapOrleans.Contracts.Gates;

/// <summary>A gate's own status: <c>GET /v1/gate/status</c> of the gate.</summary>
/// <param name="Api">URL of the API that the gate forwards to.</param>
/// <param name="LastError">Why the gate cannot forward; null when it can.</param>
/// <param name="KeyError">Why the gate got no list of keys at its last lookup, so that it cannot refuse unauthorised
/// signers; null when it got one.</param>
/// <param name="HeartbeatError">Why the last heartbeat did not reach the cluster; null when it did.</param>
/// <param name="Resting">Queues in backoff, and why.</param>
/// <param name="SpoolError">Why the spool's disk cannot be written or read; null when it can.</param>
public sealed record GateStatus(
    string Name, string Address, SpoolCounts Spool, long MaxBytes, Uri Api, string? LastError, string? KeyError,
    string? HeartbeatError, IReadOnlyList<QueueRetry> Resting, string? SpoolError = null);

/// <param name="Status"><c>ready</c>, or <c>degraded</c> while the cluster cannot be reached: incidents
/// are accepted and stored.</param>
/// <param name="LastError">For operators only: why the gate cannot forward.</param>
public sealed record GateReadiness(string Status, string? LastError);

/// <param name="Next">Pass it as <c>before</c> to get the next page; null on the last page.</param>
public sealed record DeadPage(IReadOnlyList<DeadLetter> Items, long? Next);

/// <param name="UnvouchedBytes">The part of the bytes that is not vouched for.</param>
/// <param name="OldestAt">Arrival of the incident that has waited longest; null when none waits.</param>
/// <param name="DroppedDead">Dead letters dropped since startup: to make space for newer ones, or as further conflicts
/// of an incident that already had one.</param>
/// <param name="Refused">Incidents refused with 507 since startup, because the spool was full or its
/// disk could not be written.</param>
public sealed record SpoolCounts(long Waiting, long Bytes, long UnvouchedBytes, DateTimeOffset? OldestAt, long Dead, long DroppedDead,
    long Refused);

/// <summary>A queue on which the cluster made no decision, and which will be retried.</summary>
/// <param name="Queue">The CapID. For claims of a contract wallet, the CapID, the wallet and the address that sent
/// them, until the wallet accepts one. For a single incident that an intermediary between gate and cluster refuses, the
/// CapID, # and the incident's number.</param>
/// <param name="Attempts">How often its first incident was sent alone without getting a decision.</param>
/// <param name="Problem">The problem that the cluster returned.</param>
public sealed record QueueRetry(string Queue, DateTimeOffset Until, int Attempts, int Status, JsonElement? Problem);

/// <summary>An incident that the cluster refused, kept until an operator looks at it.</summary>
/// <param name="Problem">The problem that the cluster returned.</param>
/// <param name="IsVouched">Whether a list of keys, or the reason of the refusal, shows that its signer may report.
/// Never true for a conflict (409): anyone who captured one incident can produce any number of these.</param>
/// <param name="Advice">What an operator can do about it.</param>
public sealed record DeadLetter(
    long Number, string CapId, string IncidentId, JsonElement Incident, DateTimeOffset ReceivedAt, DateTimeOffset RefusedAt, int Status,
    JsonElement Problem, bool IsVouched, string? Advice = null);

/// <param name="Key">X25519, 32 bytes as base64.</param>
public sealed record SealingKeyAnswer(string ContentType, string Key);
