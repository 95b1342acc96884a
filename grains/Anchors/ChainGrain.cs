using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Access;
using CapOrleans.Core.Anchors;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Telemetry;
using Microsoft.Extensions.Hosting;

namespace CapOrleans.Grains.Anchors;

[GenerateSerializer, Alias("cap.chain-state.v1")]
internal sealed class ChainState
{
    /// <summary>The UTC day on which <see cref="Gas"/> was counted.</summary>
    [Id(1)] public DateOnly Day { get; set; }

    [Id(2)] public long Gas { get; set; }

    [Id(3)] public IReadOnlyList<SentTransaction> Sent { get; set; } = [];
}

/// <summary>
/// Serialises the account's transactions: whichever log or contract they are for, those of one call are in blocks
/// before the next call sends. If a second activation exists for a while, the chain refuses one of two equal nonces,
/// and the contract refuses a batch that does not start at its position.
/// </summary>
internal sealed class ChainGrain(
    IAnchorContract contract, ICapMirror mirror, [PersistentState("chain")] IPersistentState<ChainState> stored, GasBudget budget, TimeProvider time,
    IHostApplicationLifetime host) : Grain, IChainGrain, ISentTransactions
{
    // By the names of all logs that asked; null when the contract must be asked.
    private readonly Dictionary<string, ContractPosition?> positions = new(StringComparer.Ordinal);
    private DateTimeOffset polledAt = DateTimeOffset.MinValue;

    public IReadOnlyList<SentTransaction> All => stored.State.Sent;

    private DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    public Task<ContractPosition> AnchoredAsync(string logName, TimeSpan maxAge) => TranslateFaultsAsync(async () =>
    {
        var (isShared, askedAt) = (maxAge > TimeSpan.Zero, time.GetUtcNow()); // an answer is as old as its question
        if (isShared && askedAt - polledAt < maxAge && positions.TryGetValue(logName, out var polled) && polled is not null)
        {
            return polled;
        }

        positions.TryAdd(logName, null);
        string[] asked = isShared ? [.. positions.Keys] : [logName];
        foreach (var (name, position) in asked.Zip(await contract.ReadPositionsAsync(asked, this, host.ApplicationStopping)))
        {
            positions[name] = position;
        }

        polledAt = isShared ? askedAt : polledAt; // on success only: a failed poll must not make old answers look new

        return positions[logName]!;
    });

    public Task<AnchorConfirmation?> FindAsync(string logName, long from, BlockRange blocks) =>
        TranslateFaultsAsync(() => contract.FindAsync(logName, from, blocks, this, host.ApplicationStopping));

    public Task<string?> BlockHashAsync(long block) => TranslateFaultsAsync(() => contract.BlockHashAsync(block, host.ApplicationStopping));

    public Task<AnchorStatus> SightAsync(long block, string blockHash) => TranslateFaultsAsync(() => contract.ReadStatusAsync(block, blockHash, host.ApplicationStopping));

    public Task<AnchorResult> AnchorAsync(IReadOnlyList<AnchorBatch> batches)
    {
        positions[batches[0].LogName] = null; // it is about to move
        // Every batch in flight is one more that may overrun the budget, so with a budget only one is sent.
        IReadOnlyList<AnchorBatch> affordable = budget.PerDay > 0 ? [batches[0]] : batches;
        return TrySpendAsync(
            async () => new AnchorResult(await contract.AnchorAsync(affordable, this, host.ApplicationStopping)), fault => new AnchorResult([], fault));
    }

    public Task<MirrorResult> MirrorAsync(IReadOnlyList<MirroredCap> caps) => TrySpendAsync(
        async () => new MirrorResult(await mirror.MirrorAsync(caps, this, host.ApplicationStopping)), fault => new MirrorResult(null, fault));

    public Task<AnchorConfirmation> StoreAuditAsync(ChainAudit audit) =>
        TranslateFaultsAsync(() => SpendAsync(() => contract.StoreAuditAsync(audit, this, host.ApplicationStopping)));

    /// <summary>
    /// Stores the sent transactions. Their gas limits are counted before they are sent, so that a transaction that
    /// arrives late, reverts or disappears counts too.
    /// </summary>
    public Task StoreAsync(IReadOnlyList<SentTransaction> sent, long gas = 0)
    {
        GrainMetrics.Sent(Math.Max(0, gas));
        return stored.ReplaceAsync(new ChainState { Sent = sent, Day = Today, Gas = Math.Max(0, UsedToday + gas) }, DeactivateOnIdle);
    }

    private long UsedToday => stored.State.Day == Today ? stored.State.Gas : 0;

    /// <param name="refuse">Makes the result for a batch that is too large, from the reason.</param>
    private Task<T> TrySpendAsync<T>(Func<Task<T>> send, Func<string, T> refuse) => TranslateFaultsAsync(async () =>
    {
        try
        {
            return await SpendAsync(send);
        }
        catch (BatchTooLargeException fault)
        {
            return refuse(OneLine.Of(fault.Message));
        }
    });

    /// <summary>Sends while the day's gas budget lasts.</summary>
    private Task<T> SpendAsync<T>(Func<Task<T>> send) => budget.PerDay <= 0 || UsedToday < budget.PerDay
        ? send()
        : throw new ChainUnavailableException(
            $"The daily gas budget is used up: today's transactions have gas limits of {UsedToday} in total, and " +
                $"Chain__GasPerDay is {budget.PerDay}. Anchoring resumes at 00:00 UTC; raise Chain__GasPerDay to resume sooner.");

    /// <summary>
    /// Turns a chain fault into one that can travel to another silo: one line of text, without anything else that a
    /// node put in.
    /// </summary>
    private static async Task<T> TranslateFaultsAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (ChainUnavailableException fault)
        {
            throw new OrleansException(OneLine.Of(fault.Message));
        }
    }
}
