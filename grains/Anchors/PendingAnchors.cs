using CapOrleans.Contracts.Anchors;

namespace CapOrleans.Grains.Anchors;

/// <summary>
/// Batches that are in a block, in order, until each is deep enough: a batch that a reorganisation can still remove
/// must not be in the log. Kept in memory only, since the contract remembers them: after a restart its events are
/// looked up.
/// </summary>
internal sealed class PendingAnchors(TimeProvider time)
{
    /// <summary>
    /// Maximum number of pending batches: three hours of Ethereum's blocks. No more are sent until one is deep enough.
    /// </summary>
    public const int MaxPending = 1000;

    /// <summary>How often the oldest batch is checked. 5 seconds.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How far a block's time may be ahead of our clock. A chain's blocks lie in the past; a block from the future,
    /// once logged, would pass for newer than any later one. 1 hour.
    /// </summary>
    public static readonly TimeSpan MaxClockLead = TimeSpan.FromHours(1);

    private readonly Queue<AnchorConfirmation> batches = new();
    private DateTimeOffset lookedAt = DateTimeOffset.MinValue;

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<AnchorConfirmation> All => [.. batches];

    /// <summary>The newest batch; null when there is none.</summary>
    public AnchorConfirmation? Newest => batches.LastOrDefault();

    public bool IsFull => batches.Count >= MaxPending;

    public bool IsEmpty => batches.Count == 0;

    /// <summary>
    /// Keeps the batches if they begin at <paramref name="from"/> and end by <paramref name="to"/>; otherwise drops all
    /// of them.
    /// </summary>
    /// <returns>The newest batch; null when none is left.</returns>
    public AnchorConfirmation? KeepWithin(long from, long to)
    {
        if (batches.Count > 0 && (batches.Peek().From != from || batches.Last().To > to))
        {
            batches.Clear();
        }

        return batches.LastOrDefault();
    }

    public void Add(AnchorConfirmation included)
    {
        if (batches.Count == 0)
        {
            lookedAt = DateTimeOffset.MinValue; // where no depth is required, it is deep enough immediately
        }

        batches.Enqueue(included);
    }

    public void Clear() => batches.Clear();

    /// <summary>Removes the oldest batch if it is deep enough.</summary>
    /// <param name="sight">Looks up the batch's block on the chain.</param>
    /// <returns>The batch and its block's time; null while it is not deep enough, and when it was checked less than
    /// <see cref="Interval"/> ago.</returns>
    /// <exception cref="OrleansException">The block left the chain: no batch is pending any more, and the contract must
    /// be asked.</exception>
    public async Task<(AnchorConfirmation Batch, DateTimeOffset BlockAt)?> TakeFinalAsync(Func<AnchorConfirmation,
        Task<AnchorStatus>> sight)
    {
        if (batches.Count == 0 || time.GetUtcNow() - lookedAt < Interval)
        {
            return null;
        }

        var batch = batches.Peek();
        var seen = await sight(batch);
        switch (seen.Depth)
        {
            case AnchorDepth.Final when seen.BlockAt <= time.GetUtcNow() + MaxClockLead:
                batches.Dequeue();
                return (batch, seen.BlockAt);
            case AnchorDepth.Reorganised:
                batches.Clear();
                throw new OrleansException($"Block {batch.Block} with transaction {batch.Transaction} was reorganised " +
                    "out of the chain; the contract will be queried again.");
            default:
                lookedAt = time.GetUtcNow();
                return null;
        }
    }
}
