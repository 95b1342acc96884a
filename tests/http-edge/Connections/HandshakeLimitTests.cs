using System.IO.Pipelines;
using System.Net;
using CapOrleans.HttpEdge.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.HttpEdge.Connections;

/// <summary>TLS handshakes with strangers, who decide what each one costs.</summary>
public sealed class HandshakeLimitTests
{
    private readonly FakeTimeProvider time = new();
    private readonly HandshakeLimit limit;

    public HandshakeLimitTests() => limit = new HandshakeLimit(time, atOnce: 1);

    [Fact]
    public async Task One_handshake_computes_at_a_time_and_the_next_one_when_it_waits_for_more()
    {
        var (first, second) = (new Peer(limit, "192.0.2.1"), new Peer(limit, "192.0.2.2"));
        await first.SendAsync(100);
        await first.ReadAsync();
        await second.SendAsync(100);
        var waiting = second.ReadAsync();
        Assert.False(waiting.IsCompleted);
        _ = first.ReadAsync(); // its computation is done, and it waits for the next flight
        await waiting;
    }

    [Fact]
    public async Task Addresses_take_turns_however_many_connections_one_of_them_has()
    {
        var many = Enumerable.Range(0, 50).Select(_ => new Peer(limit, "192.0.2.1")).ToList();
        foreach (var peer in many)
        {
            await peer.SendAsync(100);
        }

        var reads = many.ConvertAll(peer => peer.ReadAsync());
        var other = new Peer(limit, "192.0.2.2");
        await other.SendAsync(100);
        var read = other.ReadAsync();
        var ended = new HashSet<int>();
        while (await Task.WhenAny(reads.Where((_, index) => !ended.Contains(index)).Append(read)) is var next && next != read)
        {
            ended.Add(reads.IndexOf(next));
            many[reads.IndexOf(next)].End();
        }

        Assert.InRange(ended.Count, 1, 2);
    }

    [Fact]
    public async Task A_peer_that_sends_more_than_certificates_need_is_disconnected()
    {
        var peer = new Peer(limit, "192.0.2.1");
        await peer.SendAsync(HandshakeLimit.MaxBytes);
        await peer.ReadAsync();
        await peer.SendAsync(1);
        await peer.ReadAsync();
        peer.EndSending(); // so that a read that is not refused ends too
        await Assert.ThrowsAsync<ConnectionAbortedException>(peer.ReadAsync);
    }

    [Fact]
    public async Task After_the_handshake_nothing_is_counted_and_nothing_waits()
    {
        var (peer, other) = (new Peer(limit, "192.0.2.1"), new Peer(limit, "192.0.2.1"));
        peer.End();
        await other.SendAsync(100);
        await other.ReadAsync(); // takes the only turn
        for (var i = 0; i < 3; i++)
        {
            await peer.SendAsync(HandshakeLimit.MaxBytes);
            await peer.ReadAsync();
        }
    }

    [Fact]
    public async Task A_handshake_that_waits_for_something_else_keeps_its_turn_for_a_second()
    {
        var (first, second) = (new Peer(limit, "192.0.2.1"), new Peer(limit, "192.0.2.2"));
        await first.SendAsync(100);
        await first.ReadAsync();
        await second.SendAsync(100);
        var waiting = second.ReadAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        await waiting;
    }

    [Fact]
    public async Task A_connection_that_ends_gives_its_turn_back()
    {
        var first = new Peer(limit, "192.0.2.1");
        await first.SendAsync(100);
        await first.ReadAsync();
        await first.CloseAsync();
        var second = new Peer(limit, "192.0.2.1");
        await second.SendAsync(100);
        await second.ReadAsync();
    }

    private sealed class Peer
    {
        private readonly Pipe sent = new();
        private readonly DefaultConnectionContext connection;
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Task served;
        private readonly PipeReader input;
        public Peer(HandshakeLimit limit, string address)
        {
            var pair = new Transport(sent.Reader, new Pipe().Writer);
            connection = new DefaultConnectionContext("1", pair, pair) { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1) };
            served = limit.Bound(_ => ended.Task)(connection);
            input = connection.Transport.Input;
        }

        public async Task SendAsync(int bytes) => await sent.Writer.WriteAsync(new byte[bytes]);

        public void EndSending() => sent.Writer.Complete();

        /// <summary>Reads as TLS does: consumes everything available.</summary>
        public async Task ReadAsync()
        {
            var read = await input.ReadAsync();
            input.AdvanceTo(read.Buffer.End);
        }

        public void End() => HandshakeLimit.End(_ => Task.CompletedTask)(connection);

        public Task CloseAsync()
        {
            ended.SetResult();
            return served;
        }
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
