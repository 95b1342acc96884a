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
        Assert.Equal("A", pace.LastFailed);
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
        Assert.True(pace is { IsAway: false, IsTrying: false, LastFailed: null });
    }

    [Fact]
    public void A_limit_that_one_CapID_meets_is_its_own_and_one_that_two_meet_is_the_receiver_s()
    {
        pace.Note("A", TooMany);
        pace.Note("A", TooMany);
        Assert.True(pace.IsHeld("A") && !pace.IsHeld("B") && pace is { IsAway: false, IsTrying: false });
        pace.Note("B", Taken);
        pace.Note("B", TooMany);
        Assert.True(pace.IsHeld("B") && !pace.IsAway);
        pace.Note("C", TooMany);
        Assert.True(pace is { IsAway: true, IsTrying: true });
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.False(pace.IsAway || pace.IsHeld("A") || pace.IsHeld("C"));
    }
}
