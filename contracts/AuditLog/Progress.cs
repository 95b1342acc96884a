using Orleans;

namespace CapOrleans.Contracts.AuditLog;

/// <summary>How far a consumer is behind its log.</summary>
/// <param name="Position">Index of the first entry that it has not processed.</param>
/// <param name="LastError">Why it cannot proceed, for an operator; null when it can.</param>
/// <param name="Notice">Something an operator may want to know that does not stop the consumer; null for none.</param>
/// <param name="Conflict">Whether what it reads elsewhere contradicts the log, so that an operator must act.</param>
/// <param name="FailingSince">When its last error began; null without an error.</param>
/// <param name="Advice">What an operator can do about its last error; null without an error.</param>
/// <param name="Waiting">Deliveries of a webhook that wait for an attempt, counted up to
/// <see cref="MostCounted"/>.</param>
[GenerateSerializer, Immutable, Alias("cap.progress.v1")]
public sealed record Progress(
    [property: Id(0)] string Consumer,
    [property: Id(1)] long Position,
    [property: Id(2)] long Lag,
    [property: Id(3)] string? LastError,
    [property: Id(4)] int Log = 0,
    [property: Id(5)] bool Conflict = false,
    [property: Id(6)] string? Notice = null,
    [property: Id(7)] DateTimeOffset? FailingSince = null,
    [property: Id(8)] string? Advice = null,
    [property: Id(9)] long Waiting = 0)
{
    public const int MostCounted = 10_000;
}
