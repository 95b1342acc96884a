using CapOrleans.Core.Webhooks;

namespace CapOrleans.Grains.Webhooks;

/// <summary>What a receiver can take just now: nothing while it is away or was sent too much, and nothing of a CapID that it wants less of.</summary>
internal sealed class ReceiverPace(TimeProvider time)
{
    /// <summary>After a look at a circuit that is open: somebody else's delivery, of another log, may be the one that tries.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    /// <summary>So that notifiers of several logs do not always try in the same order.</summary>
    private const double Jitter = 0.25;

    private readonly Dictionary<string, DateTimeOffset> held = new(StringComparer.Ordinal);
    private DateTimeOffset awayUntil, slowUntil;
    private string? throttled; // the CapID that it wanted less of last, while it has taken nothing since

    public DateTimeOffset Until => awayUntil > slowUntil ? awayUntil : slowUntil;

    public bool IsAway => time.GetUtcNow() < Until;

    /// <summary>Whether it is there again is tried with one delivery alone.</summary>
    public bool IsTrying { get; private set; }

    /// <summary>The CapID whose delivery failed last, while it has taken nothing since: what it fails on may be in it.</summary>
    public string? LastFailed { get; private set; }

    public bool IsHeld(string capId) => HeldUntil(capId) > time.GetUtcNow();

    public DateTimeOffset HeldUntil(string capId) => held.GetValueOrDefault(capId);

    /// <summary>Nothing was sent: lately it did nothing but fail.</summary>
    public void NoteAway() => (awayUntil, IsTrying) = (time.GetUtcNow() + (Look * (1 + Random.Shared.NextDouble())), true);

    public void Note(string capId, DeliveryOutcome outcome)
    {
        if (outcome.Delivered || outcome.IsOfContent)
        {
            (awayUntil, IsTrying, LastFailed) = (default, false, null);
            throttled = outcome.Delivered ? null : throttled;
        }
        else if (DeliverySchedule.PauseAfter(outcome) is var pause && pause > TimeSpan.Zero)
        {
            Hold(capId, pause);
        }
        else
        {
            LastFailed = capId;
            awayUntil = IsTrying ? time.GetUtcNow() + (IWebhookSender.AwayTime * (1 + (Jitter * Random.Shared.NextDouble()))) : awayUntil;
        }
    }

    /// <summary>A limit may be of one CapID. Where another meets it as well, with nothing taken between them, it is the receiver's own.</summary>
    private void Hold(string capId, TimeSpan pause)
    {
        var now = time.GetUtcNow();
        foreach (var (over, _) in held.Where(one => one.Value <= now).ToList())
        {
            held.Remove(over);
        }

        held[capId] = now + pause;
        if (throttled is not null && throttled != capId)
        {
            (slowUntil, IsTrying) = (now + pause, true);
        }

        throttled = capId;
    }
}
