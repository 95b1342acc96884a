using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using CapOrleans.Grains.Webhooks;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Grains.Webhooks;

/// <summary>What a receiver's answers mean for the deliveries that follow.</summary>
public sealed class ReceiverThrottleTests
{
    private static readonly DeliveryOutcome Taken = new(DeliveryFault.None, 200), Failed = new(DeliveryFault.Status, 500),
        Refused = new(DeliveryFault.Status, 403), TooMany = new(DeliveryFault.Status, 429, RetryAfter: TimeSpan.FromSeconds(30));

    private readonly FakeTimeProvider time = new();
    private readonly ReceiverThrottle throttle;

    public ReceiverThrottleTests() => throttle = new ReceiverThrottle(time);

    [Fact]
    public void An_open_circuit_is_probed_soon_and_after_a_failed_probe_only_later()
    {
        throttle.Note("A", Failed);
        Assert.False(throttle.IsAway);
        throttle.NoteCircuitOpen();
        Assert.True(throttle is { IsAway: true, IsProbing: true });
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(throttle.IsAway);
        throttle.Note("A", Failed);
        Assert.True(throttle.HasFailed("A") && !throttle.HasFailed("B"));
        time.Advance(IWebhookSender.CircuitBreakDuration - TimeSpan.FromSeconds(1));
        Assert.True(throttle.IsAway);
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.True(throttle is { IsAway: false, IsProbing: true });
    }

    [Theory]
    [InlineData(200)]
    [InlineData(403)]
    public void A_receiver_that_answers_is_available(int code)
    {
        throttle.Note("A", Failed);
        throttle.NoteCircuitOpen();
        throttle.Note("B", code == 200 ? Taken : Refused);
        Assert.True(throttle is { IsAway: false, IsProbing: false } && !throttle.HasFailed("A"));
    }

    [Fact]
    public void An_overloaded_receiver_is_slowed_down_and_then_sped_up_again()
    {
        throttle.NoteStart("B");
        Assert.True(throttle is { IsSlow: false, MayStart: true });
        foreach (var _ in Enumerable.Range(0, 8))
        {
            throttle.Note("A", TooMany); // at the same time: they count as one
        }

        Assert.True(throttle is { IsSlow: true, MayStart: false, IsAway: false,
            IsProbing: false } && throttle.HasFailed("A") && !throttle.HasFailed("B"));
        Assert.Equal(TimeSpan.FromSeconds(1), throttle.NextAt! - time.GetUtcNow());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(throttle.MayStart);
        foreach (var _ in Enumerable.Range(0, 9))
        {
            time.Advance(TimeSpan.FromSeconds(1));
            throttle.Note("A", TooMany);
        }

        Assert.Equal(TimeSpan.FromSeconds(5), throttle.NextAt! - time.GetUtcNow()); // the slowest
        foreach (var _ in Enumerable.Range(0, 8))
        {
            throttle.Note("B", Taken);
        }

        throttle.NoteStart("B");
        Assert.Equal(TimeSpan.FromSeconds(1), throttle.NextAt! - time.GetUtcNow());
        foreach (var _ in Enumerable.Range(0, 200))
        {
            throttle.Note("B", Taken);
        }

        Assert.False(throttle.IsSlow);
    }

    [Fact]
    public void If_some_CapIDs_cause_the_overload_only_those_are_slowed_down()
    {
        foreach (var flood in Enumerable.Range(0, 5).Select(i => $"FLOOD-{i}"))
        {
            throttle.NoteStart(flood);
            throttle.Note(flood, Taken);
            throttle.NoteStart(flood);
            throttle.Note(flood, TooMany);
            Assert.False(throttle.MayStartOf(flood));
        }

        Assert.True(throttle is { IsSlow: false, MayStart: true } && throttle.MayStartOf("A"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(throttle.MayStartOf("FLOOD-0") && throttle.NextAt is null);
        foreach (var _ in Enumerable.Range(0, 9))
        {
            time.Advance(TimeSpan.FromSeconds(15));
            throttle.NoteStart("FLOOD-0");
            throttle.Note("FLOOD-0", TooMany);
        }

        Assert.Equal(TimeSpan.FromSeconds(5), throttle.NextAt! - time.GetUtcNow()); // the slowest
        Assert.True(throttle is { IsSlow: false, MayStart: true } && throttle.MayStartOf("A"));

        // A 429 for a CapID that sends little is not due to that CapID.
        throttle.NoteStart("A");
        throttle.Note("A", TooMany);
        Assert.True(throttle is { IsSlow: true, MayStart: false });
    }

    [Fact]
    public void A_429_for_a_CapID_with_a_backlog_slows_only_that_CapID_even_if_it_is_its_first_attempt()
    {
        throttle.NoteStart("A");
        throttle.Note("A", TooMany, hasBacklog: true);
        Assert.True(throttle is { IsSlow: false, MayStart: true } && !throttle.MayStartOf("A") && throttle.MayStartOf("B"));
    }

    [Fact]
    public void However_many_CapIDs_are_throttled_the_others_are_not_and_those_share_a_rate()
    {
        foreach (var _ in Enumerable.Range(0, 3))
        {
            foreach (var busy in Enumerable.Range(0, 30).Select(i => $"BUSY-{i}"))
            {
                throttle.NoteStart(busy);
                throttle.NoteStart(busy);
                throttle.Note(busy, TooMany);
            }

            time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.True(throttle is { IsSlow: false, MayStart: true } && throttle.MayStartOf("A"));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(throttle.MayStartOf("BUSY-0") && throttle.MayStartOf("BUSY-1") && throttle.NextAt is null);
        throttle.NoteStart("BUSY-0");
        Assert.False(throttle.MayStartOf("BUSY-1"));
        Assert.True(throttle.NextAt > time.GetUtcNow() && throttle.MayStartOf("A"));
    }

    [Fact]
    public void An_overload_of_a_minute_ago_slows_nothing()
    {
        throttle.NoteStart("A");
        throttle.Note("A", TooMany);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(throttle.IsSlow);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(throttle is { IsSlow: false, MayStart: true, NextAt: null });
    }

    [Fact]
    public void However_many_CapIDs_there_are_the_state_kept_of_them_is_bounded()
    {
        throttle.NoteStart("SLOW");
        throttle.NoteStart("SLOW");
        throttle.Note("SLOW", TooMany);
        time.Advance(TimeSpan.FromSeconds(11));
        foreach (var i in Enumerable.Range(0, 255))
        {
            throttle.NoteStart($"OLD-{i}");
        }

        time.Advance(TimeSpan.FromSeconds(11));
        throttle.NoteStart("SLOW");
        throttle.NoteStart("NEW");
        Assert.False(throttle.MayStartOf("SLOW")); // idle CapIDs are forgotten first
        foreach (var i in Enumerable.Range(0, 300))
        {
            throttle.NoteStart($"NEW-{i}");
        }

        Assert.False(throttle.MayStartOf("SLOW")); // its limit is still in force
    }

    [Fact]
    public void Failed_CapIDs_are_forgotten_once_all_have_failed()
    {
        throttle.NoteCircuitOpen();
        throttle.Note("A", Failed);
        throttle.Note("B", Failed);
        Assert.True(throttle.HasFailed("A") && throttle.HasFailed("B") && throttle.ForgetFailed());
        Assert.False(throttle.HasFailed("A") || throttle.ForgetFailed());
    }
}
