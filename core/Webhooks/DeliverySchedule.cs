using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Core.Webhooks;

/// <summary>
/// When a delivery is tried again: the schedule of Standard Webhooks, ten attempts within about 75 hours, jittered so that what failed
/// together does not come back together.
/// </summary>
public static class DeliverySchedule
{
    /// <summary>Attempts that are remembered of one delivery.</summary>
    private const int MaxRemembered = 20;

    /// <summary>After so many hours at the latest, whatever a receiver asks for.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(24);

    /// <summary>Since the first attempt: a receiver that never takes it is not asked for ever.</summary>
    private static readonly TimeSpan LongestSpared = TimeSpan.FromMinutes(15);

    /// <summary>Least time before a receiver that says that it is overloaded is asked again.</summary>
    private static readonly TimeSpan OverloadedWait = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan[] Delays =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    public static int MaxAttempts => Delays.Length + 1;

    /// <param name="row">What waited.</param>
    /// <param name="jitter">0 to 1.</param>
    /// <returns>What is known after an attempt.</returns>
    public static DeliveryRow After(DeliveryRow row, DeliveryOutcome outcome, DateTimeOffset at, double jitter)
    {
        var isSpared = IsSpared(row, outcome, at);
        var attempt = new DeliveryAttempt(at, (int)outcome.Took.TotalMilliseconds, outcome.Fault, outcome.Code, outcome.Answer);
        var next = row with
        {
            Attempts = row.Attempts.Count < MaxRemembered ? [.. row.Attempts, attempt]
                : [row.Attempts[0], .. row.Attempts.TakeLast(MaxRemembered - 2), attempt],
            ChangedAt = at, DueAt = null,
            Tries = row.Tries + (isSpared ? 0 : 1),
        };
        return outcome.Delivered ? next with { State = DeliveryState.Delivered }
            : outcome.Code == EndpointHealth.Gone || next.Tries >= MaxAttempts ? next with { State = DeliveryState.Exhausted }
            : next with { State = DeliveryState.Waiting, DueAt = at + outcome.Took + Delay(next.Tries, isSpared, outcome, jitter) };
    }

    /// <summary>Whoever floods a receiver spends nobody's attempts: how fast it is sent anything is another matter.</summary>
    private static bool IsSpared(DeliveryRow row, DeliveryOutcome outcome, DateTimeOffset at) =>
        outcome.Code == DeliveryOutcome.TooMany && (row.Attempts.Count == 0 || at - row.Attempts[0].At < LongestSpared);

    /// <returns>429, 502 and 504 ask to be slow.</returns>
    public static bool IsOverloaded(int? code) => code is 429 or 502 or 504;

    /// <param name="tries">That were made; at least one, unless all were too many.</param>
    private static TimeSpan Delay(int tries, bool isSpared, DeliveryOutcome outcome, double jitter)
    {
        var scheduled = isSpared ? TimeSpan.Zero : Delays[tries - 1] * (0.9 + (0.2 * jitter));
        var asked = outcome.RetryAfter is { } after ? after < LongestWait ? after : LongestWait : (TimeSpan?)null;
        var least = outcome.Code == DeliveryOutcome.TooMany ? asked ?? Delays[0]
            : IsOverloaded(outcome.Code) ? OverloadedWait : TimeSpan.Zero;
        return new[] { scheduled, least, asked ?? TimeSpan.Zero }.Max();
    }
}
