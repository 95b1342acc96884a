using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Core.Webhooks;

/// <summary>
/// Decides when a delivery is retried: the schedule of Standard Webhooks, ten attempts within about 75 hours, with
/// jitter so that deliveries that failed together are not retried together. A page is retried much sooner at first:
/// after five minutes, the next level is often paged already.
/// </summary>
public static class DeliverySchedule
{
    /// <summary>Maximum number of attempts that are stored per delivery.</summary>
    private const int MaxRemembered = 20;

    /// <summary>Longest wait that a receiver can ask for.</summary>
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromHours(24);

    /// <summary>
    /// How long after the first attempt a 429, and any failure of a page, does not count as an attempt; bounded, or a
    /// receiver that never accepts it would be retried forever.
    /// </summary>
    private static readonly TimeSpan UncountedPeriod = TimeSpan.FromMinutes(15);

    /// <summary>Shortest wait before a retry to a receiver that reports overload.</summary>
    private static readonly TimeSpan OverloadedWait = TimeSpan.FromMinutes(1);

    /// <summary>Longest wait between attempts for a page that do not count.</summary>
    private static readonly TimeSpan MaxPageDelay = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan[] Delays =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    public static int MaxAttempts => Delays.Length + 1;

    /// <param name="row">The waiting delivery.</param>
    /// <param name="jitter">0 to 1.</param>
    /// <param name="isPage">Whether somebody is to answer it now.</param>
    /// <returns>The delivery after the attempt.</returns>
    public static DeliveryRow AfterAttempt(DeliveryRow row, DeliveryOutcome outcome, DateTimeOffset at, double jitter, bool isPage = false)
    {
        var isUncounted = IsUncounted(row, outcome, at, isPage);
        var attempt = new DeliveryAttempt(at, (int)outcome.Duration.TotalMilliseconds, outcome.Fault, outcome.Code,
            AnswerExcerpt.Of(outcome.Answer));
        var next = row with
        {
            Attempts = row.Attempts.Count < MaxRemembered ? [.. row.Attempts, attempt]
                : [row.Attempts[0], .. row.Attempts.TakeLast(MaxRemembered - 2), attempt],
            ChangedAt = at, DueAt = null,
            Tries = row.Tries + (isUncounted ? 0 : 1),
        };
        return outcome.Delivered ? next with { State = DeliveryState.Delivered }
            : outcome.Code == EndpointHealth.Gone || next.Tries >= MaxAttempts ? next with { State = DeliveryState.Exhausted }
            : next with
            {
                State = DeliveryState.Waiting, DueAt = at + outcome.Duration + Delay(next, isUncounted, isPage, outcome, jitter),
            };
    }

    /// <summary>
    /// Whether the attempt does not count: a flood of a receiver must not use up the attempts of its deliveries. The
    /// rate of sending is limited elsewhere.
    /// </summary>
    private static bool IsUncounted(DeliveryRow row, DeliveryOutcome outcome, DateTimeOffset at, bool isPage) =>
        !outcome.Delivered && (isPage || outcome.Code == DeliveryOutcome.TooMany)
        && (row.Attempts.Count == 0 || at - row.Attempts[0].At < UncountedPeriod);

    /// <returns>Whether the status asks to slow down: 429, 502 and 504.</returns>
    public static bool IsOverloaded(int? code) => code is 429 or 502 or 504;

    /// <param name="row">After the attempt.</param>
    private static TimeSpan Delay(DeliveryRow row, bool isUncounted, bool isPage, DeliveryOutcome outcome, double jitter)
    {
        var scheduled = (!isUncounted ? Delays[row.Tries - 1]
            : isPage ? TimeSpan.FromTicks(Math.Min(Delays[0].Ticks << (row.Attempts.Count - 1), MaxPageDelay.Ticks))
            : TimeSpan.Zero) * (0.9 + (0.2 * jitter));
        var asked = outcome.RetryAfter is { } after ? after < MaxRetryAfter ? after : MaxRetryAfter : (TimeSpan?)null;
        var least = outcome.Code == DeliveryOutcome.TooMany ? asked ?? Delays[0]
            : IsOverloaded(outcome.Code) ? OverloadedWait : TimeSpan.Zero;
        return new[] { scheduled, least, asked ?? TimeSpan.Zero }.Max();
    }
}
