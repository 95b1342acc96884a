using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Caps;

/// <summary>A CapID's context in memory, while its database is restored to an older state.</summary>
public sealed class CapGrainTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly PrivateKey first = PrivateKey.Create(), second = PrivateKey.Create();
    private InProcessTestCluster cluster = null!;

    public async Task InitializeAsync()
    {
        var builder = TestSilo.Builder();
        builder.ConfigureSilo((_, silo) => silo.AddCap(directory, _ => new NoChain()));
        cluster = builder.Build();
        await cluster.DeployAsync();
        await DefineAsync("OLD", first);
        await FileAsync("OLD", "I-0", first);
    }

    public async Task DisposeAsync()
    {
        await cluster.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task After_a_restore_the_database_s_state_counts()
    {
        var backup = new SqliteCopy(directory.File("log.db"));
        await DefineAsync("OLD", first, second);
        await DefineAsync("NEW", second);
        Assert.Equal(Verdict.Accepted, (await FileAsync("OLD", "I-1", second)).Verdict);
        Assert.Equal(Verdict.Accepted, (await FileAsync("NEW", "I-1", second)).Verdict);
        backup.Restore();
        await Eventually.TrueAsync(() => IsAcceptedAsync("OLD", "I-2", first)); // the log's writer notices first

        Assert.Equal("signer-not-authorised", (await FileAsync("OLD", "I-3", second)).Refusal?.Type);
        Assert.Equal("cap-unknown", (await FileAsync("NEW", "I-3", second)).Refusal?.Type);
    }

    [Fact]
    public async Task A_context_that_changed_since_can_be_changed_again()
    {
        var backup = new SqliteCopy(directory.File("log.db"));
        await DefineAsync("OLD", first, second);
        backup.Restore();
        await Eventually.TrueAsync(() => IsAcceptedAsync("OLD", "I-1", first));
        Assert.Equal((CapVerdict.Changed, 2), await DefineAsync("OLD", first, second));
        Assert.Equal(Verdict.Accepted, (await FileAsync("OLD", "I-2", second)).Verdict);
    }

    [Fact]
    public async Task A_key_whose_revocation_was_rolled_back_is_accepted_again_without_a_log_entry()
    {
        var backup = new SqliteCopy(directory.File("log.db"));
        await DefineAsync("OLD", second);
        Assert.Equal("signer-not-authorised", (await FileAsync("OLD", "I-1", first)).Refusal?.Type);
        backup.Restore();
        await Eventually.TrueAsync(() => IsAcceptedAsync("OLD", "I-1", first));
    }

    [Fact]
    public async Task Of_two_histories_with_the_same_version_the_one_in_the_database_counts()
    {
        var backup = new SqliteCopy(directory.File("log.db"));
        var third = PrivateKey.Create();
        await DefineAsync("OLD", first, second);
        var other = new SqliteCopy(directory.File("log.db"), "other");
        backup.Restore();
        await Eventually.TrueAsync(() => IsAcceptedAsync("OLD", "I-1", first));
        Assert.Equal((CapVerdict.Changed, 2), await DefineAsync("OLD", first, third));
        Assert.Equal(Verdict.Accepted, (await FileAsync("OLD", "I-2", third)).Verdict);
        other.Restore();
        await Eventually.TrueAsync(() => IsAcceptedAsync("OLD", "I-3", second));
        Assert.Equal("signer-not-authorised", (await FileAsync("OLD", "I-4", third)).Refusal?.Type);
    }

    [Fact]
    public async Task Changes_by_admin_keys_are_limited_per_minute_and_operators_are_not()
    {
        var cap = cluster.Client.Cap("SIGNED");
        var admin = new KeyDefinition(second.Address.ToString(), ["admin"], null, null);
        await cap.DefineAsync(new CapDefinition(null, null, null, null, [admin]), Actor.Service);
        var rulings = new List<CapRuling>();
        for (var i = 0; i < ClusterLimits.ChangesPerMinute + 20 && rulings is not [.., { Verdict: CapVerdict.TooMany }]; i++)
        {
            rulings.Add(await cap.ChangeAsync(Signed((await cap.ReadAsync())!, i), Actor.Anonymous));
        }

        // Plus what the time that passed allowed.
        Assert.InRange(rulings.Count - 1, ClusterLimits.ChangesPerMinute, ClusterLimits.ChangesPerMinute + 19);
        Assert.All(rulings.SkipLast(1), ruling => Assert.Equal(CapVerdict.Changed, ruling.Verdict));
        Assert.Equal("too-many-changes", rulings[^1].Refusal!.Type);
        var operators = await cap.ChangeAsync(Signed((await cap.ReadAsync())!, 0) with { Signature = null }, Actor.Service);
        Assert.Equal(CapVerdict.Changed, operators.Verdict);
    }

    private ChangeRequest Signed(CapView cap, int number)
    {
        var (timestamp, hash) = (TestIncident.Text(TimeProvider.System.GetUtcNow()), new string('a', 64));
        var change = new ContextChange(Policy: new PolicyDefinition(null, null, null, 100 + number, null, null));
        var signature = second.Sign(Authority.Hash(cap.Origin, cap.CapId, cap.Version, timestamp, hash));
        return new ChangeRequest(change, cap.Version, timestamp, signature.ToString(), hash, "{}");
    }

    private async Task<(CapVerdict Verdict, long? Version)> DefineAsync(string capId, params PrivateKey[] keys)
    {
        var ruling = await cluster.Client.Cap(capId).DefineAsync(
            new CapDefinition(null, null, null, null, [.. keys.Select(key => new KeyDefinition(key.Address.ToString(), null, null, null))]), Actor.Service);
        return (ruling.Verdict, ruling.Cap?.Version);
    }

    /// <summary>Whether it is accepted, by this attempt or by an earlier one whose answer was lost.</summary>
    private async Task<bool> IsAcceptedAsync(string capId, string id, PrivateKey key)
    {
        try
        {
            return (await FileAsync(capId, id, key)).Verdict is Verdict.Accepted or Verdict.AlreadyAccepted;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return false; // the log differs from its writer's memory
        }
    }

    private Task<Ruling> FileAsync(string capId, string id, PrivateKey key) =>
        cluster.Client.Incident(capId, id).FileAsync(TestIncident.Signed(key, capId, id, TimeProvider.System.GetUtcNow()).Report());
}
