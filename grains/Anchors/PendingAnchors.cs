using CapOrleans.Contracts.Anchors;

namespace CapOrleans.Grains.Anchors;

/// <summary>
/// Batches that a block has, in order, until each is deep enough: what a reorganisation takes away must not be in the log. In memory: the
/// contract remembers them, and its events are looked up after a restart.
/// </summary>
internal sealed class PendingAnchors(TimeProvider time)
{
    /// <summary>Batches that wait at once: three hours of Ethereum's blocks. More are not sent before one is deep enough.</summary>
    public const int Most = 1000;

    /// <summary>How often the oldest is looked at. 5 seconds.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How far a block's time may lie before our clock: a chain's blocks are of the past, and one that logged otherwise would pass for
    /// newer than any that comes. 1 hour.
    /// </summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromHours(1);

    private readonly Queue<AnchorConfirmation> batches = new();
    private DateTimeOffset lookedAt = DateTimeOffset.MinValue;

    /// <summary>The oldest first.</summary>
    public IReadOnlyList<AnchorConfirmation> All => [.. batches];

    /// <summary>Null when there is none.</summary>
    public AnchorConfirmation? Newest => batches.LastOrDefault();

    public bool IsFull => batches.Count >= Most;

    public bool IsEmpty => batches.Count == 0;

    /// <summary>
    /// Keeps the batches where they begin at <paramref name="from"/> and end by <paramref name="to"/>, else none of them.
    /// </summary>
    /// <returns>The newest; null when none is left.</returns>
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
            lookedAt = DateTimeOffset.MinValue; // on a chain that asks for no depth it is deep enough at once
        }

        batches.Enqueue(included);
    }

    public void Clear() => batches.Clear();

    /// <summary>Takes the oldest when it is deep enough.</summary>
    /// <param name="sight">Asks the chain.</param>
    /// <returns>Null while it is not, and when it was asked a moment ago.</returns>
    /// <exception cref="OrleansException">Its block left the chain: none is pending any more, and the contract must be asked.</exception>
    public async Task<(AnchorConfirmation Batch, DateTimeOffset BlockAt)?> TakeDeepAsync(Func<AnchorConfirmation, Task<AnchorSighting>> sight)
    {
        if (batches.Count == 0 || time.GetUtcNow() - lookedAt < Interval)
        {
            return null;
        }

        var batch = batches.Peek();
        var seen = await sight(batch);
        switch (seen.Depth)
        {
            case AnchorDepth.Final when seen.BlockAt <= time.GetUtcNow() + Ahead:
                batches.Dequeue();
                return (batch, seen.BlockAt);
            case AnchorDepth.Gone:
                batches.Clear();
                throw new OrleansException($"Block {batch.Block} with transaction {batch.Transaction} left the chain; the contract is asked again.");
            default:
                lookedAt = time.GetUtcNow();
                return null;
        }
    }
}
