using System.Collections.Concurrent;
using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Anchors;

/// <summary>Several logs that share one node, while there is nothing to anchor.</summary>
public sealed class SharedPollTests : IAsyncLifetime
{
    private const int Logs = 4;

    private static readonly IReadOnlyList<string> Caps =
        [.. Enumerable.Range(0, Logs).Select(log => Enumerable.Range(0, 1000).Select(i => $"CAP-{i}").First(capId => new LogMap(Logs).Of(capId) == log))];

    private readonly TempDirectory directory = new();
    private readonly SiloTime time = new();
    private readonly Obedient contract = new();
    private InProcessTestCluster cluster = null!;

    private IChainGrain Chain => cluster.Client.GetGrain<IChainGrain>(0);

    public async Task InitializeAsync()
    {
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(directory, _ => contract, Logs);
            silo.Services.AddSingleton<TimeProvider>(time);
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
        for (var log = 0; log < Logs; log++)
        {
            await DefineAsync(log);
        }

        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(2));
            await PassAsync();
            return contract.Logs == Logs;
        });
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        SqliteConnection.ClearAllPools();
        directory.Dispose();
    }

    [Fact]
    public async Task All_logs_share_one_poll_a_minute_and_none_sees_a_state_before_its_own_batch()
    {
        for (var minute = 0; minute < 3; minute++)
        {
            var polls = contract.Polls;
            for (var pass = 0; pass < 3; pass++)
            {
                time.Advance(TimeSpan.FromSeconds(21));
                await PassAsync();
                await PassAsync();
            }

            Assert.Equal(1, contract.Polls - polls);
        }

        // A failed poll does not refresh earlier answers: the next log polls for itself.
        contract.Fails = true;
        time.Advance(TimeSpan.FromSeconds(61));
        var failing = 0;
        for (var pass = 0; pass < 5 && failing < Logs; pass++) // far less than a minute
        {
            await PassAsync();
            time.Advance(TimeSpan.FromSeconds(2));
            failing = (await Task.WhenAll(Enumerable.Range(0, Logs).Select(log => Anchorer(log).ProgressAsync()))).Count(progress => progress.LastError is not null);
        }

        Assert.Equal(Logs, failing);
        contract.Fails = false;
        time.Advance(TimeSpan.FromSeconds(2));
        await PassAsync();

        // A batch of a log after another log's poll: that poll's answer for it is no longer used.
        time.Advance(TimeSpan.FromSeconds(61));
        await PassAsync(); // every log: one whose poll is still due would make it whenever the waker reaches it
        var before = contract.Polls;
        time.Advance(TimeSpan.FromSeconds(40));
        await Chain.AnchoredAsync(contract.Names[1], TimeSpan.FromSeconds(30));
        Assert.Equal(1, contract.Polls - before);
        var anchored = contract.Batches;
        await DefineAsync(0);
        await Eventually.TrueAsync(async () =>
        {
            await PassAsync(1);
            return contract.Batches > anchored;
        });
        time.Advance(TimeSpan.FromSeconds(22));
        await PassAsync(1);
        Assert.Null((await Anchorer(0).ProgressAsync()).LastError);
    }

    [Fact]
    public async Task A_log_s_own_poll_does_not_refresh_what_is_cached_for_another()
    {
        time.Advance(TimeSpan.FromSeconds(61));
        await PassAsync();
        time.Advance(TimeSpan.FromSeconds(20));
        await Chain.AnchoredAsync(contract.Names[0], TimeSpan.Zero);
        time.Advance(TimeSpan.FromSeconds(20));
        var before = contract.Polls;
        await Chain.AnchoredAsync(contract.Names[1], TimeSpan.FromSeconds(30));
        Assert.Equal(1, contract.Polls - before);
    }

    private IAnchorerGrain Anchorer(int log) => cluster.Client.GetGrain<IAnchorerGrain>(log);

    private Task<CapRuling> DefineAsync(int log) => cluster.Client.Cap(Caps[log]).DefineAsync(
        new CapDefinition(null, null, null, null, [new KeyDefinition($"{PrivateKey.Create().Address}", null, null, null)]), Actor.Service);

    private async Task PassAsync(int logs = Logs)
    {
        for (var log = 0; log < logs; log++)
        {
            await Anchorer(log).NudgeAsync();
            Assert.Null(await Anchorer(log).RestartAsync(Actor.Service)); // answered only when the pass is over
        }
    }

    /// <summary>Accepts whatever it is sent; every block is deep.</summary>
    private sealed class Obedient() : WrappedContract(new NoChain())
    {
        private readonly ConcurrentDictionary<string, long> anchored = new();
        private int polls, batches;

        public bool Fails { get; set; }

        public int Polls => Volatile.Read(ref polls);

        public int Batches => Volatile.Read(ref batches);

        public IReadOnlyList<string> Names => [.. anchored.Keys];

        public int Logs => anchored.Count;

        public override Task<IReadOnlyList<ContractPosition>> ReadPositionsAsync(IReadOnlyList<string> logNames,
            ISentTransactions sent, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref polls);
            return Fails ? throw new ChainUnavailableException("The node is away.") : Task.FromResult<IReadOnlyList<ContractPosition>>(
                [.. logNames.Select(name => new ContractPosition(1, "0x1", anchored.GetValueOrDefault(name), 1, DateTimeOffset.UnixEpoch, IsDevChain: true))]);
        }

        public override Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(IReadOnlyList<AnchorBatch> sent, ISentTransactions transactions, CancellationToken cancellationToken)
        {
            Interlocked.Add(ref batches, sent.Count);
            anchored[sent[^1].LogName] = sent[^1].To;
            return Task.FromResult<IReadOnlyList<AnchorConfirmation>>(
                [.. sent.Select(batch => new AnchorConfirmation(1, "0x1", "0x2", 1, batch.From, batch.To, batch.Root, batch.Size, "0x3", 0))]);
        }

        public override Task<AnchorStatus> ReadStatusAsync(long block, string blockHash, CancellationToken cancellationToken) =>
            Task.FromResult(new AnchorStatus(AnchorDepth.Final, DateTimeOffset.UnixEpoch));

        public override Task<string?> BlockHashAsync(long block, CancellationToken cancellationToken) => Task.FromResult<string?>("0x3");
    }
}
