using System.IO.Pipelines;
using System.Net;
using CapOrleans.HttpEdge.Callers;
using CapOrleans.HttpEdge.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.HttpEdge.Connections;

/// <summary>Which caller gets a slot at a port when there are too few.</summary>
public sealed class ConnectionBudgetTests
{
    private static readonly IPAddress Host = IPAddress.Parse("192.0.2.1"), Other = IPAddress.Parse("192.0.2.2");

    private readonly FakeTimeProvider time = new();
    private readonly ConnectionBudget budget;
    private readonly ConnectionDelegate limited;
    private readonly TaskCompletionSource ended = new();

    public ConnectionBudgetTests()
    {
        budget = new ConnectionBudget(new TrustedProxies([IPNetwork.Parse("203.0.113.0/24")]), time);
        limited = budget.Limit(async connection =>
        {
            var client = (Client)connection;
            await budget.RunAsync(connection.Features.Get<BudgetedConnection>()!, () =>
            {
                client.IsServed = true;
                return client.IsIdle ? Task.CompletedTask : client.AnswerAsync(ended.Task);
            });
            await client.AnswerAsync(ended.Task);
        });
    }

    [Fact]
    public async Task A_connection_that_says_nothing_is_closed_after_five_seconds_and_keeps_no_place()
    {
        var silent = Connect(Host);
        time.Advance(ConnectionBudget.FirstByteTimeout - TimeSpan.FromMilliseconds(1));
        Assert.False(silent.IsAborted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await silent.Done;
        Assert.True(silent.IsAborted);
        Assert.False(silent.IsServed);
    }

    [Fact]
    public async Task A_silent_host_blocks_nobody_and_gives_way_to_its_own_newer_connections()
    {
        var silent = Enumerable.Range(0, ConnectionBudget.MaxPerAddress).Select(_ => Connect(Host)).ToList();
        var newer = await SpeakAsync(Connect(Host));
        Assert.True(newer.IsServed && !newer.IsHealthOnly);
        Assert.True(silent[0].IsAborted);
        Assert.DoesNotContain(silent.Skip(1), client => client.IsAborted);
        Assert.True((await SpeakAsync(Connect(Other))).IsServed);
    }

    [Fact]
    public async Task An_address_with_all_its_slots_in_use_gets_only_health_and_others_are_served()
    {
        for (var i = 0; i < ConnectionBudget.MaxPerAddress; i++)
        {
            await SpeakAsync(Connect(Host));
        }

        var reserved = Enumerable.Range(0, ConnectionBudget.ReservedPerAddress).Select(_ => Connect(Host)).ToList();
        Assert.True((await SpeakAsync(reserved[0])).IsHealthOnly);
        Assert.True(Connect(Host).IsAborted);
        Assert.False((await SpeakAsync(Connect(Other))).IsHealthOnly);

        time.Advance(ConnectionBudget.ReservedFirstByteTimeout);
        await reserved[1].Done;
        Assert.True(reserved[1].IsAborted);
        Assert.True((await SpeakAsync(Connect(Host))).IsHealthOnly);
    }

    [Fact]
    public async Task A_full_port_makes_room_at_the_expense_of_the_oldest_silent_connection()
    {
        var clients = Enumerable.Range(0, ConnectionBudget.MaxConnections).Select(i => Connect(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]))).ToList();
        Assert.True((await SpeakAsync(Connect(Other))).IsServed);
        Assert.True(clients[0].IsAborted);
        Assert.DoesNotContain(clients.Skip(1), client => client.IsAborted);
    }

    [Fact]
    public async Task Callers_of_a_trusted_proxy_share_no_limit_by_address()
    {
        var proxy = IPAddress.Parse("203.0.113.7");
        for (var i = 0; i <= ConnectionBudget.MaxPerAddress; i++)
        {
            Assert.False((await SpeakAsync(Connect(proxy))).IsHealthOnly);
        }
    }

    [Fact]
    public async Task Between_two_requests_a_connection_gives_way_as_well_but_not_during_one()
    {
        var busy = await SpeakAsync(Connect(Host));
        var between = new List<Client>();
        for (var i = 1; i < ConnectionBudget.MaxPerAddress; i++)
        {
            between.Add(await SpeakAsync(Connect(Host, isIdle: true)));
        }

        Assert.False((await SpeakAsync(Connect(Host))).IsHealthOnly);
        Assert.False(busy.IsAborted);
        Assert.True(between[0].IsAborted);
    }

    [Fact]
    public async Task A_place_is_free_again_when_its_connection_ends()
    {
        for (var i = 0; i < ConnectionBudget.MaxPerAddress; i++)
        {
            await SpeakAsync(Connect(Host));
        }

        ended.SetResult();
        Assert.False((await SpeakAsync(Connect(Host))).IsHealthOnly);
    }

    [Fact]
    public async Task A_full_port_closes_the_oldest_overdue_request_of_the_largest_holder()
    {
        var slow = new List<Client>();
        for (var i = 0; i < ConnectionBudget.MaxConnections; i++)
        {
            slow.Add(await SpeakAsync(Connect(new IPAddress([10, 0, 0, (byte)(i % 4)]))));
        }

        Assert.True((await SpeakAsync(Connect(Host))).IsHealthOnly);
        time.Advance(ConnectionBudget.RequestGivesWayAfter);
        Assert.True((await SpeakAsync(Connect(Host))).IsHealthOnly);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False((await SpeakAsync(Connect(Host))).IsHealthOnly);
        Assert.False((await SpeakAsync(Connect(Other))).IsHealthOnly);
        Assert.Equal(slow.Take(2), slow.Where(client => client.IsAborted));
        Assert.False(slow[0].Done.IsFaulted);
    }

    [Fact]
    public async Task Addresses_with_many_connections_close_none_of_an_address_with_few()
    {
        var honest = Connect(Other); // has sent nothing yet
        for (var i = 1; i < ConnectionBudget.MaxConnections; i++)
        {
            await SpeakAsync(Connect(new IPAddress([10, 0, 0, (byte)(i % 4)])));
        }

        for (var i = 0; i < 100; i++)
        {
            Connect(new IPAddress([10, 0, 0, (byte)(i % 4)]));
        }

        Assert.False(honest.IsAborted);
        Assert.False((await SpeakAsync(honest)).IsHealthOnly);
    }

    [Fact]
    public async Task However_many_addresses_have_one_slow_request_each_a_new_one_gets_its_place()
    {
        for (var i = 0; i < ConnectionBudget.MaxConnections; i++)
        {
            await SpeakAsync(Connect(new IPAddress([10, 0, (byte)(i >> 8), (byte)i])));
        }

        time.Advance(ConnectionBudget.RequestGivesWayAfter + TimeSpan.FromMilliseconds(1));
        Assert.False((await SpeakAsync(Connect(Host))).IsHealthOnly);
    }

    [Fact]
    public async Task A_full_address_closes_its_own_oldest_overdue_request_and_no_one_else_s()
    {
        var other = await SpeakAsync(Connect(Other));
        var slow = new List<Client>();
        for (var i = 0; i < ConnectionBudget.MaxPerAddress; i++)
        {
            slow.Add(await SpeakAsync(Connect(Host)));
        }

        time.Advance(ConnectionBudget.RequestGivesWayAfter + TimeSpan.FromMilliseconds(1));
        Assert.False((await SpeakAsync(Connect(Host))).IsHealthOnly);
        Assert.False(other.IsAborted);
        Assert.Equal(slow.Take(1), slow.Where(client => client.IsAborted));
    }

    [Fact]
    public async Task An_address_with_as_many_as_any_other_closes_no_request_and_a_trusted_proxy_loses_none()
    {
        for (var i = 0; i < ConnectionBudget.MaxConnections; i++)
        {
            await SpeakAsync(Connect(i % 2 == 0 ? IPAddress.Parse("203.0.113.7") : new IPAddress([10, 0, (byte)(i >> 8), (byte)i])));
        }

        time.Advance(ConnectionBudget.RequestGivesWayAfter * 2);
        Assert.True((await SpeakAsync(Connect(new IPAddress([10, 0, 0, 1])))).IsHealthOnly);
        Assert.False((await SpeakAsync(Connect(Host))).IsHealthOnly); // a caller without a connection displaces an overdue one
    }

    [Fact]
    public async Task A_caller_whose_only_connection_gave_way_is_counted_as_before()
    {
        var first = Connect(Host);
        for (var i = 1; i < ConnectionBudget.MaxConnections; i++)
        {
            await SpeakAsync(Connect(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), isIdle: true));
        }

        time.Advance(ConnectionBudget.FirstByteTimeout - TimeSpan.FromMilliseconds(1)); // first has sent nothing, and is not timed out yet
        var second = await SpeakAsync(Connect(Host));
        Assert.True(first.IsAborted);
        time.Advance(TimeSpan.FromMilliseconds(2)); // from now on the others are idle long enough
        for (var i = 1; i < ConnectionBudget.MaxPerAddress; i++)
        {
            Assert.False((await SpeakAsync(Connect(Host))).IsHealthOnly);
        }

        Assert.False(second.IsAborted);
        Assert.True((await SpeakAsync(Connect(Host))).IsHealthOnly);
    }

    private Client Connect(IPAddress address, bool isIdle = false)
    {
        var client = new Client(address) { IsIdle = isIdle };
        client.Done = limited(client);
        return client;
    }

    /// <summary>Sends a byte, and completes when the server has seen it or refused the connection.</summary>
    private static async Task<Client> SpeakAsync(Client client)
    {
        await client.Input.Writer.WriteAsync("G"u8.ToArray());
        await client.Settled.Task;
        return client;
    }

    private sealed class Client : DefaultConnectionContext
    {
        public Client(IPAddress address)
        {
            RemoteEndPoint = new IPEndPoint(address, 4711);
            Transport = new DuplexPipe(Input.Reader, new Pipe().Writer);
        }

        public Pipe Input { get; } = new();

        public Task Done { get; set; } = Task.CompletedTask;

        public TaskCompletionSource Settled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether its request is answered immediately and the connection stays open.</summary>
        public bool IsIdle { get; init; }

        public bool IsAborted { get; private set; }

        public bool IsHealthOnly => Features.Get<HealthOnly>() is not null;

        public bool IsServed { get; set; }

        public Task AnswerAsync(Task ended)
        {
            Settled.TrySetResult();
            return ended;
        }

        public override void Abort()
        {
            IsAborted = true;
            Input.Writer.Complete(new ConnectionAbortedException());
            Settled.TrySetResult();
        }
    }

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
