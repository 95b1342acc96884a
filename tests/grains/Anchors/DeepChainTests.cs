using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Tests.Grains.Anchors;

/// <summary>
/// A chain on which only what is three blocks deep counts; a real one, whose blocks are mined when the test decides.
/// </summary>
public sealed class DeepChainTests : IAsyncLifetime
{
    private AnchoringSilo silo = null!;

    public async Task InitializeAsync()
    {
        silo = await AnchoringSilo.CreateAsync(confirmations: 3);
        await silo.StartAsync();
    }

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task A_batch_does_not_wait_for_the_depth_of_the_one_before_but_counts_as_anchored_only_when_deep()
    {
        await IncludedAsync("INC-1");
        await IncludedAsync("INC-2"); // a block, and so a confirmation for the first
        Assert.Empty(await silo.EntriesAsync(EntryKinds.AnchorBatched));
        var (first, second) = (await silo.AnchorOfAsync("INC-1"), await silo.AnchorOfAsync("INC-2"));
        Assert.NotEqual(first.Transaction, second.Transaction);
        Assert.Equal(0, (await silo.Anchorer.ProgressAsync()).Position);

        await silo.Chain.CallAsync("anvil_mine", "0x3");
        await silo.AnchoredAsync("INC-2");
        Assert.Equal(first with { Status = "anchored" }, await silo.AnchorOfAsync("INC-1"));
        Assert.Equal(second with { Status = "anchored" }, await silo.AnchorOfAsync("INC-2"));
        await silo.EachOnceAsync("INC-1", "INC-2");
    }

    [Fact]
    public async Task After_a_restart_mined_batches_are_found_and_not_sent_again()
    {
        await IncludedAsync("INC-1");
        await IncludedAsync("INC-2");
        await silo.StartAsync();
        await silo.ReachesAsync("INC-2", "included");
        await IncludedAsync("INC-3");
        await silo.Chain.CallAsync("anvil_mine", "0x3");
        await silo.AnchoredAsync("INC-3");
        await silo.EachOnceAsync("INC-1", "INC-2", "INC-3");
    }

    [Fact]
    public async Task What_a_reorganisation_takes_away_before_it_is_deep_was_never_called_anchored_and_is_anchored_once()
    {
        await IncludedAsync("INC-1");
        var kept = await silo.BlocksAsync();
        await IncludedAsync("INC-2");
        await IncludedAsync("INC-3");
        await silo.Chain.CallAsync("anvil_reorg", await silo.BlocksAsync() - kept, Array.Empty<object>());
        await IncludedAsync("INC-4");
        await silo.Chain.CallAsync("anvil_mine", "0x5");
        foreach (var id in (string[])["INC-1", "INC-2", "INC-3", "INC-4"])
        {
            await silo.AnchoredAsync(id);
        }

        Assert.Empty(await silo.EntriesAsync(EntryKinds.AnchorLost));
        await silo.EachOnceAsync("INC-1", "INC-2", "INC-3", "INC-4");
    }

    [Fact]
    public async Task A_mined_batch_is_not_sent_again_when_the_nodes_agree_only_on_an_older_block()
    {
        var contract = new Lagging(silo.Contract);
        silo.Contract = contract;
        await silo.StartAsync();
        await Eventually.TrueAsync(async () =>
        {
            await silo.Anchorer.NudgeAsync();
            return contract.First is not null; // from a block before the first batch
        });
        await IncludedAsync("INC-1");
        contract.IsBehind = contract.Refuses = true; // a refusal makes the silo query the contract again
        await IncludedAsync("INC-2");
        Assert.False(contract.Refuses);
        await silo.EachOnceAsync("INC-1", "INC-2");
    }

    private async Task IncludedAsync(string id)
    {
        await silo.FileAsync(id);
        await silo.ReachesAsync(id, "included");
    }

    /// <summary>Nodes that agree only on the state at their first query.</summary>
    private sealed class Lagging(IAnchorContract real) : WrappedContract(real)
    {
        public ContractPosition? First { get; private set; }

        public bool IsBehind { get; set; }

        public bool Refuses { get; set; }

        public override async Task<IReadOnlyList<ContractPosition>> ReadPositionsAsync(
            IReadOnlyList<string> logNames, ISentTransactions sent, CancellationToken cancellationToken)
        {
            var now = (await base.ReadPositionsAsync(logNames, sent, cancellationToken))[0];
            First ??= now;
            return [IsBehind ? First : now];
        }

        public override Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(
            IReadOnlyList<AnchorBatch> batches, ISentTransactions sent, CancellationToken cancellationToken)
        {
            if (Refuses)
            {
                Refuses = false;
                throw new ChainUnavailableException("The node is away.");
            }

            return base.AnchorAsync(batches, sent, cancellationToken);
        }
    }
}
