using System.Text.Json;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Grains.Anchors;

/// <summary>A log restored from an older copy, on a real chain that has anchors which the copy lacks.</summary>
public sealed class RestartedAnchorTests : IAsyncLifetime
{
    private static readonly Actor Admin = new("key:1", "ada");

    private AnchoringSilo silo = null!;

    public async Task InitializeAsync()
    {
        silo = await AnchoringSilo.CreateAsync();
        await silo.StartAsync();
        await AnchorAsync("INC-1");
        await silo.StopAsync();
        silo.BackUp();
        await silo.StartAsync();
        await AnchorAsync("LOST-1");
        await AnchorAsync("LOST-2");
        await silo.StopAsync();
        silo.Restore();
        await silo.StartAsync();
    }

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task After_a_restore_the_log_goes_on_under_another_key_and_keeps_what_it_called_anchored()
    {
        var before = await silo.AnchorOfAsync("INC-1");
        await ConflictAsync();
        await silo.FileAsync("INC-2");
        await silo.FileAsync("INC-3", "critical");
        Assert.Equal("pending", (await silo.AnchorOfAsync("INC-2")).Status);

        var restarted = (await silo.Anchorer.RestartAsync(Admin))!;
        await silo.AnchoredAsync("INC-3");
        await AnchorAsync("INC-4");
        Assert.Equal(("anchored", before), ((await silo.AnchorOfAsync("INC-2")).Status, await silo.AnchorOfAsync("INC-1")));
        Assert.Null((await silo.Anchorer.ProgressAsync()).LastError);
        await silo.EachOnceAsync("INC-1", "INC-2", "INC-3", "INC-4");

        // What anyone can recompute: the key from the name, and the roots under it from the log.
        var body = JsonElement.Parse(Assert.Single(await silo.EntriesAsync(EntryKinds.AnchorRestarted))).GetProperty("body");
        Assert.Equal((restarted.Name, restarted.From, "key:1", "ada"), (body.Text("name"), body.GetProperty("from").GetInt64(), body.Text("by"), body.Text("byName")));
        Assert.Equal(restarted.LogKey, $"0x{Convert.ToHexStringLower(Keccak256.Hash(System.Text.Encoding.UTF8.GetBytes(restarted.Name)))}");
        var batches = (await silo.EntriesAsync(EntryKinds.AnchorBatched)).Select(entry => JsonElement.Parse(entry).GetProperty("body")).ToList();
        Assert.Equal(restarted.From, batches.First(batch => batch.Text("name") == restarted.Name).GetProperty("from").GetInt64());
    }

    [Fact]
    public async Task After_a_crash_the_first_batch_under_the_new_key_is_found_and_not_sent_again()
    {
        await ConflictAsync();
        await silo.FileAsync("INC-2");
        silo.Contract = new LosesAnswers(silo.Contract);
        await silo.StartAsync();
        await ConflictAsync();
        await silo.Anchorer.RestartAsync(Admin);
        await silo.AnchoredAsync("INC-2");
        await silo.StartAsync();
        await AnchorAsync("INC-3");
        await silo.EachOnceAsync("INC-1", "INC-2", "INC-3");
    }

    [Fact]
    public async Task A_log_that_nothing_contradicts_keeps_its_key_and_one_conflict_has_one_restart()
    {
        await ConflictAsync();
        var answers = await Task.WhenAll(silo.Anchorer.RestartAsync(Admin), silo.Anchorer.RestartAsync(Admin));
        Assert.Single(answers, answer => answer is not null);
        await AnchorAsync("INC-2");
        Assert.Null(await silo.Anchorer.RestartAsync(Admin));
        Assert.Single(await silo.EntriesAsync(EntryKinds.AnchorRestarted));
    }

    [Fact]
    public async Task A_log_that_is_restored_a_second_time_gets_a_second_key()
    {
        await ConflictAsync();
        var first = await silo.Anchorer.RestartAsync(Admin);
        await AnchorAsync("INC-2");
        await silo.StopAsync();
        silo.Restore();
        await silo.StartAsync();
        await ConflictAsync();
        await silo.FileAsync("INC-3");
        var second = await silo.Anchorer.RestartAsync(Admin);
        Assert.NotEqual(first!.Name, second!.Name);
        await silo.AnchoredAsync("INC-3");
        await silo.EachOnceAsync("INC-1", "INC-3");
    }

    [Fact]
    public async Task Another_contract_gets_the_restarted_log_from_its_beginning()
    {
        await ConflictAsync();
        await silo.Anchorer.RestartAsync(Admin);
        await AnchorAsync("INC-2");
        silo.UseOtherContract();
        await silo.StartAsync();
        await AnchorAsync("INC-3");
        var address = (await silo.AnchorOfAsync("INC-3")).Contract;
        Assert.Equal(address, (await silo.AnchorOfAsync("INC-1")).Contract);
        Assert.Equal(address, (await silo.AnchorOfAsync("INC-2")).Contract);
    }

    private async Task AnchorAsync(string id)
    {
        await silo.FileAsync(id);
        await silo.AnchoredAsync(id);
    }

    private Task ConflictAsync() => Eventually.TrueAsync(async () =>
    {
        await silo.Anchorer.NudgeAsync();
        return (await silo.Anchorer.ProgressAsync()).Conflict;
    });

    /// <summary>The transaction is sent, but the silo that sent it never gets the result.</summary>
    private sealed class LosesAnswers(IAnchorContract real) : WrappedContract(real)
    {
        private int sent;

        public override async Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(IReadOnlyList<AnchorBatch> batches, ISentTransactions transactions, CancellationToken cancellationToken)
        {
            var confirmed = await base.AnchorAsync(batches, transactions, cancellationToken);
            return Interlocked.Increment(ref sent) == 1 ? throw new ChainUnavailableException("The answer was lost.") : confirmed;
        }
    }
}
