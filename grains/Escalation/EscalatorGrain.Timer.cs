using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Escalation;

/// <summary>Wakes the escalator when its next step is due.</summary>
internal sealed partial class EscalatorGrain
{
    /// <summary>Longest timer: an earlier step may become due, and a timer is not cancelled.</summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(1);

    private DateTimeOffset? wakesAt;

    /// <summary>Schedules a nudge for the next step.</summary>
    private void Wake()
    {
        if (nextDue is { } due)
        {
            var at = due < Time.GetUtcNow() + LongestSleep ? due : Time.GetUtcNow() + LongestSleep;
            if (!(wakesAt <= at))
            {
                wakesAt = at;
                _ = WakeAsync(at);
            }
        }
    }

    private async Task WakeAsync(DateTimeOffset at)
    {
        try
        {
            var wait = at - Time.GetUtcNow();
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Time, Stopping);
        }
        catch (OperationCanceledException)
        {
            return; // the silo is stopping
        }

        wakesAt = wakesAt == at ? null : wakesAt;
        _ = this.AsReference<IEscalatorGrain>().NudgeAsync();
    }
}
