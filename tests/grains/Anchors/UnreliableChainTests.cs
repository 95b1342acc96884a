using System.Net;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Signatures;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Grains.Anchors;

/// <summary>
/// A log over a chain that forgets, lags, refuses and reorganises: every entry is anchored, each incident once.
/// </summary>
public sealed class UnreliableChainTests : IAsyncLifetime
{
    private AnchoringSilo silo = null!;
    private Sometimes contract = null!;

    public async Task InitializeAsync()
    {
        silo = await AnchoringSilo.CreateAsync();
        silo.Contract = contract = new Sometimes(silo.Contract);
    }

    public async Task DisposeAsync() => await silo.DisposeAsync();

    [Fact]
    public async Task A_backend_that_lies_behind_loses_no_anchor()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        contract.Behind = 5; // the backend queried next does not have the newest block
        contract.Refuses = true;
        await silo.FileAsync("INC-2");
        await silo.AnchoredAsync("INC-2");
        Assert.Equal(0, contract.Behind);
        Assert.Empty(await silo.EntriesAsync(EntryKinds.AnchorLost));
        await silo.EachOnceAsync("INC-1", "INC-2");
    }

    [Fact]
    public async Task A_reorganisation_that_removes_an_anchor_is_logged_and_the_range_is_anchored_again()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        await silo.Chain.CallAsync("anvil_mine", "0xa");
        var kept = await silo.BlocksAsync();
        foreach (var id in (string[])["INC-2", "INC-3"])
        {
            await silo.FileAsync(id);
            await silo.AnchoredAsync(id);
        }

        await silo.Chain.CallAsync("anvil_reorg", await silo.BlocksAsync() - kept, Array.Empty<object>());
        await silo.FileAsync("INC-4");
        await silo.AnchoredAsync("INC-4");
        await silo.AnchoredAsync("INC-2");
        Assert.NotEmpty(await silo.EntriesAsync(EntryKinds.AnchorLost));
        await silo.EachOnceAsync("INC-1", "INC-2", "INC-3", "INC-4");
    }

    [Fact]
    public async Task Another_contract_gets_everything_from_the_start_and_the_log_says_that_the_first_one_no_longer_counts()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        var first = (await silo.AnchorOfAsync("INC-1")).Contract;
        silo.UseOtherContract();
        await silo.StartAsync();
        await silo.FileAsync("INC-2");
        await silo.AnchoredAsync("INC-2");
        await silo.AnchoredAsync("INC-1");
        Assert.Single(await silo.EntriesAsync(EntryKinds.AnchorLost));
        Assert.NotEqual(first, (await silo.AnchorOfAsync("INC-1")).Contract);
        Assert.Equal((await silo.AnchorOfAsync("INC-1")).Contract, (await silo.AnchorOfAsync("INC-2")).Contract);
    }

    [Fact]
    public async Task Batches_that_the_chain_calls_too_large_are_halved_and_a_record_that_never_fits_is_passed_over()
    {
        const int Few = 2000; // hex digits: enough for three incidents, and for none with its full record
        silo.Node.Before = (method, parameters, _) => method == "eth_estimateGas" && parameters[0].TryGetProperty("to", out var to) && parameters[0].Text("data").Length > Few
            ? FaultyNode.Error(-32000, "gas required exceeds allowance (16777216)") : null;
        await silo.StartAsync();
        var ids = Enumerable.Range(1, 20).Select(i => $"INC-{i}").ToArray();
        foreach (var id in ids)
        {
            await silo.FileAsync(id, id == "INC-7" ? "critical" : "high", id == "INC-7" ? new string('x', 200) : "capos.test");
        }

        foreach (var id in ids)
        {
            await silo.AnchoredAsync(id);
        }

        await silo.EachOnceAsync(ids);
        Assert.Contains("INC-7", Assert.Single(await silo.EntriesAsync(EntryKinds.AnchorRecordSkipped)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Entries_other_than_incidents_are_covered_by_an_anchored_root_too()
    {
        await silo.StartAsync();
        await silo.DefineAsync(PrivateKey.Create());
        var size = (await silo.Reader().HeadAsync(0, default))!.Size;
        await Eventually.TrueAsync(async () =>
        {
            await silo.Anchorer.NudgeAsync();
            return (await silo.Anchorer.ProgressAsync()).Position >= size && (await silo.EntriesAsync(EntryKinds.AnchorBatched)).Count > 0;
        });
    }

    [Fact]
    public async Task A_node_outage_of_ten_minutes_is_probed_now_and_then_and_costs_only_time()
    {
        var time = new SiloTime();
        silo.Configure = builder => builder.Services.AddSingleton<TimeProvider>(time);
        await silo.StartAsync();
        silo.Node.Before = (_, _, _) => new HttpResponseMessage(HttpStatusCode.BadGateway);
        await silo.FileAsync("INC-1");
        await silo.FileAsync("INC-2", "critical");
        var before = silo.Node.Asked.Count;
        for (var second = 0; second < 600; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await silo.Anchorer.NudgeAsync();
        }

        await Eventually.TrueAsync(async () => (await silo.Anchorer.ProgressAsync()).LastError?.Contains("answers with status 502", StringComparison.Ordinal) == true);
        Assert.InRange(silo.Node.Asked.Count - before, 1, 1200);
        Assert.Equal("pending", (await silo.AnchorOfAsync("INC-1")).Status);
        silo.Node.Before = null;
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await silo.Anchorer.NudgeAsync();
            return (await silo.AnchorOfAsync("INC-2")).Status == "anchored";
        });
        await silo.EachOnceAsync("INC-1", "INC-2");
        Assert.Empty(await silo.EntriesAsync(EntryKinds.AnchorLost));
    }

    [Fact]
    public async Task A_Retry_After_of_a_minute_is_respected_whatever_waits()
    {
        var time = new SiloTime();
        silo.Configure = builder => builder.Services.AddSingleton<TimeProvider>(time);
        silo.Time = time;
        silo.UseOtherContract();
        await silo.StartAsync();
        silo.Node.Before = (_, _, _) =>
        {
            var answer = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
            answer.Headers.RetryAfter = new System.Net.Http.Headers.RetryConditionHeaderValue(TimeSpan.FromMinutes(1));
            return answer;
        };
        await silo.FileAsync("INC-1");
        await FailAsync();
        var before = silo.Node.Asked.Count;
        for (var second = 0; second < 50; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await silo.Anchorer.NudgeAsync();
        }

        await FailAsync();
        Assert.Equal(before, silo.Node.Asked.Count);
        silo.Node.Before = null;
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await silo.Anchorer.NudgeAsync();
            return (await silo.AnchorOfAsync("INC-1")).Status == "anchored";
        });

        Task FailAsync() => Eventually.TrueAsync(async () =>
        {
            await silo.Anchorer.NudgeAsync();
            return (await silo.Anchorer.ProgressAsync()).LastError?.Contains("answers with status 429", StringComparison.Ordinal) == true;
        });
    }

    [Fact]
    public async Task While_there_is_nothing_to_do_the_node_gets_no_calls()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        var asked = 0;
        await Eventually.TrueAsync(async () => // the archive's entries come later
        {
            var before = silo.Node.Asked.Count;
            for (var i = 0; i < 50; i++)
            {
                await silo.Anchorer.NudgeAsync();
            }

            return (asked = silo.Node.Asked.Count - before) == 0;
        });
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task A_batch_that_comes_back_with_another_root_is_a_conflict_and_nothing_is_anchored_by_it()
    {
        await silo.StartAsync();
        contract.ChangesRoot = true;
        await silo.FileAsync("INC-1");
        await Eventually.TrueAsync(async () => (await silo.EntriesAsync(EntryKinds.AnchorConflict)).Count > 0);
        Assert.Empty(await silo.EntriesAsync(EntryKinds.AnchorBatched));
        Assert.NotEqual("anchored", (await silo.AnchorOfAsync("INC-1")).Status);
    }

    [Fact]
    public async Task A_batch_with_unknown_outcome_is_searched_for_from_the_block_of_the_last_anchor()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        var block = (await silo.AnchorOfAsync("INC-1")).Block;
        contract.LosesAnswer = true;
        await silo.FileAsync("INC-2");
        await silo.AnchoredAsync("INC-2");
        // From the block of the last known anchor on.
        Assert.InRange(contract.SearchedSince!.Value, block!.Value, (await silo.AnchorOfAsync("INC-2")).Block!.Value);
        await silo.EachOnceAsync("INC-1", "INC-2");
    }

    [Fact]
    public async Task After_a_crash_a_sent_batch_is_found_by_its_hash_at_a_node_without_search()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        silo.Node.Before = (method, _, _) => method == "eth_getLogs" ? FaultyNode.Error(-32601, "eth_getLogs is not available") : null;
        contract.LosesAnswer = contract.FindsNothing = true;
        await silo.FileAsync("INC-2");
        await Eventually.TrueAsync(async () =>
        {
            await silo.Anchorer.NudgeAsync();
            return !contract.LosesAnswer;
        });
        await silo.EndChainAsync();
        contract.FindsNothing = false;
        await silo.AnchoredAsync("INC-2");
        await silo.EachOnceAsync("INC-1", "INC-2");
    }

    [Fact]
    public async Task A_node_that_keeps_changing_its_answer_logs_one_loss_an_hour()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        contract.Forgets = contract.Refuses = true; // a refusal makes the silo query the contract
        await silo.FileAsync("INC-2");
        await LoggedAsync(EntryKinds.AnchorLost);
        contract.Forgets = false;
        await silo.AnchoredAsync("INC-2");
        contract.Forgets = contract.Refuses = true;
        await silo.FileAsync("INC-3");
        await FailAsync("A loss was logged recently");
        Assert.Single(await silo.EntriesAsync(EntryKinds.AnchorLost));
        contract.Forgets = false;
        await silo.AnchoredAsync("INC-3");
        await silo.EachOnceAsync("INC-1", "INC-2", "INC-3");
    }

    [Fact]
    public async Task A_missing_anchor_that_was_too_deep_to_be_lost_is_a_conflict()
    {
        await silo.StartAsync();
        await silo.FileAsync("INC-1");
        await silo.AnchoredAsync("INC-1");
        await silo.Chain.CallAsync("anvil_mine", "0x3e9"); // 1,001 blocks
        await silo.FileAsync("INC-2");
        await silo.AnchoredAsync("INC-2");
        contract.Forgets = contract.Refuses = true;
        await silo.FileAsync("INC-3");
        await LoggedAsync(EntryKinds.AnchorConflict);
        Assert.Contains("\"reason\":\"contract-behind\"", Assert.Single(await silo.EntriesAsync(EntryKinds.AnchorConflict)), StringComparison.Ordinal);
        Assert.Empty(await silo.EntriesAsync(EntryKinds.AnchorLost));
        contract.Forgets = false;
        await silo.AnchoredAsync("INC-3");
        await silo.EachOnceAsync("INC-1", "INC-2", "INC-3");
    }

    private Task LoggedAsync(string kind) => Eventually.TrueAsync(async () =>
    {
        await silo.Anchorer.NudgeAsync();
        return (await silo.EntriesAsync(kind)).Count > 0;
    });

    private Task FailAsync(string part) => Eventually.TrueAsync(async () =>
    {
        await silo.Anchorer.NudgeAsync();
        return (await silo.Anchorer.ProgressAsync()).LastError?.Contains(part, StringComparison.Ordinal) == true;
    });

    /// <summary>One of several backends, some of which lag.</summary>
    private sealed class Sometimes(IAnchorContract real) : WrappedContract(real)
    {
        /// <summary>Number of answers that come from a backend which is one block behind.</summary>
        public int Behind { get; set; }

        /// <summary>The next batch is refused, so the contract is queried again.</summary>
        public bool Refuses { get; set; }

        /// <summary>
        /// Reports that nothing was anchored and that the blocks are others, as from a chain with many nodes.
        /// </summary>
        public bool Forgets { get; set; }

        /// <summary>Confirms another root than the one that was sent.</summary>
        public bool ChangesRoot { get; set; }

        /// <summary>The next batch is mined, but its confirmation is lost.</summary>
        public bool LosesAnswer { get; set; }

        /// <summary>Searches for an event fail.</summary>
        public bool FindsNothing { get; set; }

        /// <summary>First block of the last search for an event; null before any search.</summary>
        public long? SearchedSince { get; private set; }

        public override Task<AnchorConfirmation?> FindAsync(
            string logName, long from, BlockRange blocks, ISentTransactions sent, CancellationToken cancellationToken)
        {
            SearchedSince = blocks.First;
            return FindsNothing ? throw new ChainUnavailableException("The answer was lost.")
                : base.FindAsync(logName, from, blocks, sent, cancellationToken);
        }

        public override async Task<string?> BlockHashAsync(long block, CancellationToken cancellationToken) =>
            Forgets ? $"0x{new string('f', 64)}" : await base.BlockHashAsync(block, cancellationToken);

        public override async Task<IReadOnlyList<ContractPosition>> ReadPositionsAsync(IReadOnlyList<string> logNames,
            ISentTransactions sent, CancellationToken cancellationToken)
        {
            var position = (await base.ReadPositionsAsync(logNames, sent, cancellationToken))[0];
            if (Forgets)
            {
                return [position with { Position = 0, IsDevChain = false }];
            }

            return
            [
                Behind-- > 0
                    ? position with { Position = 0, Block = position.Block - 1, BlockAt = position.BlockAt - TimeSpan.FromSeconds(12), IsDevChain = false }
                    : position with { Block = position.Block + (Behind = 0) },
            ];
        }

        public override async Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(
            IReadOnlyList<AnchorBatch> batches, ISentTransactions sent, CancellationToken cancellationToken)
        {
            if (Refuses)
            {
                Refuses = false;
                throw new ChainUnavailableException("The answer was lost.");
            }

            var confirmed = await base.AnchorAsync(batches, sent, cancellationToken);
            if (LosesAnswer)
            {
                LosesAnswer = false;
                throw new ChainUnavailableException("The answer was lost.");
            }

            return ChangesRoot ? [.. confirmed.Select(batch => batch with { Root = new byte[32] })] : confirmed;
        }
    }
}
