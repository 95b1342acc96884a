using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using CapOrleans.Grains.Webhooks;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Grains.Webhooks;

/// <summary>What a receiver's answers say about what comes next.</summary>
public sealed class ReceiverPaceTests
{
    private static readonly DeliveryOutcome Taken = new(DeliveryFault.None, 200), Failed = new(DeliveryFault.Status, 500),
        Refused = new(DeliveryFault.Status, 403), TooMany = new(DeliveryFault.Status, 429, RetryAfter: TimeSpan.FromSeconds(30));

    private readonly FakeTimeProvider time = new();
    private readonly ReceiverPace pace;

    public ReceiverPaceTests() => pace = new ReceiverPace(time);

    [Fact]
    public void An_open_circuit_is_looked_at_again_soon_and_a_try_that_failed_only_after_a_while()
    {
        pace.Note("A", Failed);
        Assert.False(pace.IsAway);
        pace.NoteAway();
        Assert.True(pace is { IsAway: true, IsTrying: true });
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(pace.IsAway);
        pace.Note("A", Failed);
        Assert.True(pace.HasFailed("A") && !pace.HasFailed("B"));
        time.Advance(IWebhookSender.AwayTime - TimeSpan.FromSeconds(1));
        Assert.True(pace.IsAway);
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.True(pace is { IsAway: false, IsTrying: true });
    }

    [Theory]
    [InlineData(200)]
    [InlineData(403)]
    public void Who_answers_is_there(int code)
    {
        pace.Note("A", Failed);
        pace.NoteAway();
        pace.Note("B", code == 200 ? Taken : Refused);
        Assert.True(pace is { IsAway: false, IsTrying: false } && !pace.HasFailed("A"));
    }

    [Fact]
    public void Who_is_sent_too_much_is_sent_less_and_then_more_and_more()
    {
        pace.NoteStart("B");
        Assert.True(pace is { IsSlow: false, MayStart: true });
        foreach (var _ in Enumerable.Range(0, 8))
        {
            pace.Note("A", TooMany); // at once: they are one
        }

        Assert.True(pace is { IsSlow: true, MayStart: false, IsAway: false, IsTrying: false } && pace.HasFailed("A") && !pace.HasFailed("B"));
        Assert.Equal(TimeSpan.FromSeconds(1), pace.NextAt! - time.GetUtcNow());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(pace.MayStart);
        foreach (var _ in Enumerable.Range(0, 9))
        {
            time.Advance(TimeSpan.FromSeconds(1));
            pace.Note("A", TooMany);
        }

        Assert.Equal(TimeSpan.FromSeconds(5), pace.NextAt! - time.GetUtcNow()); // never slower
        foreach (var _ in Enumerable.Range(0, 8))
        {
            pace.Note("B", Taken);
        }

        pace.NoteStart("B");
        Assert.Equal(TimeSpan.FromSeconds(1), pace.NextAt! - time.GetUtcNow());
        foreach (var _ in Enumerable.Range(0, 200))
        {
            pace.Note("B", Taken);
        }

        Assert.False(pace.IsSlow);
    }

    [Fact]
    public void Who_is_sent_too_much_of_one_CapID_is_sent_less_of_that_one_alone()
    {
        foreach (var flood in Enumerable.Range(0, 5).Select(i => $"FLOOD-{i}"))
        {
            pace.NoteStart(flood);
            pace.Note(flood, Taken);
            pace.NoteStart(flood);
            pace.Note(flood, TooMany);
            Assert.False(pace.MayStartOf(flood));
        }

        Assert.True(pace is { IsSlow: false, MayStart: true } && pace.MayStartOf("A"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(pace.MayStartOf("FLOOD-0") && pace.NextAt is null);
        foreach (var _ in Enumerable.Range(0, 9))
        {
            time.Advance(TimeSpan.FromSeconds(15));
            pace.NoteStart("FLOOD-0");
            pace.Note("FLOOD-0", TooMany);
        }

        Assert.Equal(TimeSpan.FromSeconds(5), pace.NextAt! - time.GetUtcNow()); // never slower
        Assert.True(pace is { IsSlow: false, MayStart: true } && pace.MayStartOf("A"));

        // So many at once, or one that sends little and is too much all the same: then it is not that CapID.
        var another = new ReceiverPace(time);
        foreach (var busy in Enumerable.Range(0, 9).Select(i => $"BUSY-{i}"))
        {
            Assert.False(another.IsSlow);
            another.NoteStart(busy);
            another.NoteStart(busy);
            another.Note(busy, TooMany);
        }

        Assert.True(another.IsSlow);
        pace.NoteStart("A");
        pace.Note("A", TooMany);
        Assert.True(pace is { IsSlow: true, MayStart: false });
    }

    [Fact]
    public void What_was_too_much_a_minute_ago_slows_nothing()
    {
        pace.NoteStart("A");
        pace.Note("A", TooMany);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(pace.IsSlow);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(pace is { IsSlow: false, MayStart: true, NextAt: null });
    }

    [Fact]
    public void However_many_CapIDs_there_are_what_is_known_of_them_has_a_bound()
    {
        pace.NoteStart("SLOW");
        pace.NoteStart("SLOW");
        pace.Note("SLOW", TooMany);
        time.Advance(TimeSpan.FromSeconds(11));
        foreach (var i in Enumerable.Range(0, 255))
        {
            pace.NoteStart($"OLD-{i}");
        }

        time.Advance(TimeSpan.FromSeconds(11));
        pace.NoteStart("SLOW");
        pace.NoteStart("NEW");
        Assert.False(pace.MayStartOf("SLOW")); // those that are quiet are forgotten first
        foreach (var i in Enumerable.Range(0, 300))
        {
            pace.NoteStart($"NEW-{i}");
        }

        Assert.False(pace.MayStartOf("SLOW")); // whose limit still says something
    }

    [Fact]
    public void What_failed_is_forgotten_when_all_have_failed()
    {
        pace.NoteAway();
        pace.Note("A", Failed);
        pace.Note("B", Failed);
        Assert.True(pace.HasFailed("A") && pace.HasFailed("B") && pace.ForgetFailed());
        Assert.False(pace.HasFailed("A") || pace.ForgetFailed());
    }
}
