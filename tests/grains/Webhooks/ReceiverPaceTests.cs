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
        pace.NoteStart();
        Assert.True(pace is { IsSlow: false, MayStart: true });
        foreach (var _ in Enumerable.Range(0, 8))
        {
            pace.Note("A", TooMany); // at once: they are one
        }

        Assert.True(pace is { IsSlow: true, MayStart: false, IsAway: false, IsTrying: false } && pace.HasFailed("A") && !pace.HasFailed("B"));
        Assert.Equal(TimeSpan.FromSeconds(1), pace.NextAt - time.GetUtcNow());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(pace.MayStart);
        foreach (var _ in Enumerable.Range(0, 9))
        {
            time.Advance(TimeSpan.FromSeconds(1));
            pace.Note("A", TooMany);
        }

        Assert.Equal(TimeSpan.FromSeconds(5), pace.NextAt - time.GetUtcNow()); // never slower
        foreach (var _ in Enumerable.Range(0, 8))
        {
            pace.Note("B", Taken);
        }

        pace.NoteStart();
        Assert.Equal(TimeSpan.FromSeconds(1), pace.NextAt - time.GetUtcNow());
        foreach (var _ in Enumerable.Range(0, 200))
        {
            pace.Note("B", Taken);
        }

        Assert.False(pace.IsSlow);
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
