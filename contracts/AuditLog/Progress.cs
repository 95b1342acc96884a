using Orleans;

namespace CapOrleans.Contracts.AuditLog;

/// <summary>How far a consumer is behind its log.</summary>
/// <param name="Position">Index of the first entry that it has not dealt with.</param>
/// <param name="LastError">What keeps it from going on, for an operator; null when nothing does.</param>
/// <param name="Notice">What an operator may want to know, though nothing keeps it from going on; null for nothing.</param>
/// <param name="Conflict">What it reads elsewhere contradicts the log, so that an operator must act.</param>
/// <param name="FailingSince">When its last error began; null without one.</param>
/// <param name="Advice">What an operator does about its last error; null without one.</param>
/// <param name="Waiting">Deliveries of a webhook that wait for an attempt; counted to <see cref="MostCounted"/>.</param>
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
