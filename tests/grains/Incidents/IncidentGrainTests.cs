using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Incidents;

/// <summary>Many reports of one incident, as a batch may contain them.</summary>
public sealed class IncidentGrainTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly Wallets wallets = new();
    private readonly PrivateKey owner = PrivateKey.Create();
    private readonly PrivateKey wallet = PrivateKey.Create();
    private InProcessTestCluster cluster = null!;

    public async Task InitializeAsync()
    {
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddCap(directory, _ => new NoChain());
            silo.Services.AddSingleton<IContractWallets>(wallets);
            silo.Services.AddSingleton<TimeProvider>(wallets.Time);
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
        await cluster.Client.Cap("Z-001").DefineAsync(
            new CapDefinition(null, null, null, null, [new KeyDefinition($"{wallet.Address}", null, null, null, IsContract: true)]), Actor.Service);
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Wallets_are_called_one_at_a_time_and_once_for_identical_reports()
    {
        var reports = Enumerable.Range(0, 20).Select(i => Claim(i / 2)).ToList();
        var checks = await cluster.Client.Incident("Z-001", "INC-1").ProveAsync(reports);
        Assert.All(checks, check => Assert.Equal("signature-mismatch", check.Refused!.Refusal!.Type));
        Assert.Equal((10, 1), (wallets.Asked, wallets.Most));
    }

    [Fact]
    public async Task Wallets_are_not_called_for_reports_after_one_that_must_be_retried()
    {
        wallets.Fault = "The node is away.";
        var checks = await cluster.Client.Incident("Z-001", "INC-1").ProveAsync([Claim(1), Claim(2), Claim(1), Claim(3)]);
        Assert.Equal(["wallet-not-asked", "after-another", "wallet-not-asked", "after-another"], checks.Select(check => check.Refused!.Refusal!.Type));
        Assert.Equal(1, wallets.Asked);
    }

    [Fact]
    public async Task Wallets_are_not_called_when_it_would_exceed_the_caller_s_timeout()
    {
        wallets.Takes = TimeSpan.FromSeconds(1);
        var checks = await cluster.Client.Incident("Z-001", "INC-1").ProveAsync([.. Enumerable.Range(0, 20).Select(Claim)]);
        Assert.Equal(3, wallets.Asked);
        Assert.All(checks.Skip(3), check => Assert.Equal("after-another", check.Refused!.Refusal!.Type));
    }

    /// <summary>Returns a claim signed by another key, so that the wallet must be asked.</summary>
    private IncidentReport Claim(int number)
    {
        var incident = TestIncident.Signed(owner, "Z-001", "INC-1", TimeProvider.System.GetUtcNow(), changed => changed["description"] = $"the {number}th").SignFull(owner);
        incident["signer"] = $"{wallet.Address}";
        return incident.Report();
    }

    private sealed class Wallets : IContractWallets
    {
        private int asked, asking;

        public int Asked => Volatile.Read(ref asked);

        public int Most { get; private set; }

        public string? Fault { get; set; }

        public SiloTime Time { get; } = new();

        public TimeSpan Takes { get; set; }

        public async Task<ChainBlock?> FindBlockAsync(WalletClaim claim, byte[] hash, string caller, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            Most = Math.Max(Most, Interlocked.Increment(ref asking));
            await Task.Yield();
            Time.Advance(Takes);
            Interlocked.Decrement(ref asking);
            return Fault is null ? null : throw new ChainUnavailableException(Fault);
        }
    }
}
