using System.Net.ServerSentEvents;
using CapOrleans.Api.Streams;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Api.Streams;

/// <summary>A stream without events sends heartbeats and ends after a while.</summary>
public sealed class EventStreamTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly LogHeads heads;

    public EventStreamTests() => heads = new LogHeads(null!, time, NullLogger<LogHeads>.Instance);

    public void Dispose() => heads.Dispose();

    [Fact]
    public async Task A_silent_stream_sends_its_position_every_fifteen_seconds_and_ends_after_ten_minutes()
    {
        await using var events = new EventStream(heads, time).FollowAsync(
            [0, 1], StreamPosition.AtEnd([8, 0]), (_, _, _) => throw new InvalidOperationException(), () => Task.FromResult(true),
            CancellationToken.None).GetAsyncEnumerator();
        var heartbeats = new List<SseItem<string>>();
        while (true)
        {
            var next = events.MoveNextAsync();
            time.Advance(EventStream.Heartbeat);
            if (!await next)
            {
                break;
            }

            heartbeats.Add(events.Current);
        }

        Assert.Equal(EventStream.MaxDuration / EventStream.Heartbeat, heartbeats.Count);
        Assert.All(heartbeats, one => Assert.Equal(("heartbeat", "", "7,-1"), (one.EventType, one.Data, one.EventId)));
        Assert.All(heartbeats, one => Assert.Equal(EventStream.RetryAfter, one.ReconnectionInterval));
    }

    [Fact]
    public async Task A_client_that_may_no_longer_read_is_cut_off_within_three_seconds()
    {
        var mayGoOn = true;
        await using var events = new EventStream(heads, time).FollowAsync(
            [0], StreamPosition.AtEnd([1]), (_, _, _) => throw new InvalidOperationException(), () => Task.FromResult(mayGoOn),
            CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        var next = events.MoveNextAsync();
        mayGoOn = false;
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.False(await next);
    }

    [Theory]
    [InlineData("7,-1", "7,-1")]
    [InlineData("0,2", "0,2")]
    [InlineData("-1", "-1,-1")]
    [InlineData("8,0", null)]
    [InlineData("0,3", null)]
    [InlineData("7", null)]
    [InlineData("7,2,0", null)]
    [InlineData("", null)]
    [InlineData("7, 2", null)]
    [InlineData("-2,0", null)]
    public void A_position_is_read_only_where_the_logs_have_it(string text, string? position) =>
        Assert.Equal(position, StreamPosition.Parse(text, [8, 3])?.ToString());
}
