using CapOrleans.Chain;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Orleans.TestingHost;

namespace CapOrleans.Tests.Grains.Caps;

/// <summary>A CapID's context in memory, and a database that was set back to an older state under it.</summary>
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
    public async Task What_the_database_was_set_back_to_is_what_counts()
    {
        var backup = new SqliteCopy(directory.File("log.db"));
        await DefineAsync("OLD", first, second);
        await DefineAsync("NEW", second);
        Assert.Equal(Verdict.Accepted, (await FileAsync("OLD", "I-1", second)).Verdict);
        Assert.Equal(Verdict.Accepted, (await FileAsync("NEW", "I-1", second)).Verdict);
        backup.Restore();
        await Eventually.TrueAsync(() => IsAcceptedAsync("OLD", "I-2", first)); // the writer notices first

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
    public async Task A_key_that_was_revoked_since_counts_again_though_nothing_of_it_reached_the_log()
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

    private async Task<(CapVerdict Verdict, long? Version)> DefineAsync(string capId, params PrivateKey[] keys)
    {
        var ruling = await cluster.Client.Cap(capId).DefineAsync(
            new CapDefinition(null, null, null, null, [.. keys.Select(key => new KeyDefinition(key.Address.ToString(), null, null, null))]), Actor.Service);
        return (ruling.Verdict, ruling.Cap?.Version);
    }

    /// <summary>By this try, or by one before whose answer was lost.</summary>
    private async Task<bool> IsAcceptedAsync(string capId, string id, PrivateKey key)
    {
        try
        {
            return (await FileAsync(capId, id, key)).Verdict is Verdict.Accepted or Verdict.AlreadyAccepted;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            return false; // the log is not what its writer has in memory
        }
    }

    private Task<Ruling> FileAsync(string capId, string id, PrivateKey key) =>
        cluster.Client.Incident(capId, id).FileAsync(TestIncident.Signed(key, capId, id, TimeProvider.System.GetUtcNow()).Report());
}
