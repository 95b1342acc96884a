using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// Client addresses from which a wallet recently accepted a signature, and how many queries to that wallet each may
/// still make ahead of unknown callers: each accepted signature earns some. An unknown caller can name any wallet but
/// not sign for it, and replaying one captured incident earns no more than that.
/// </summary>
/// <param name="time">
/// Clock of the rate limit per wallet: each query is a call to the chain's nodes, which anchoring needs as well.
/// </param>
internal sealed class KnownCallers(TimeProvider time)
{
    /// <summary>Queries that an accepted signature earns, and the most that a caller can have left.</summary>
    public const int EarnedPerYes = 8, MaxLeft = 64;

    /// <summary>
    /// Rate limit of queries to one wallet, by all its callers together, and the burst beyond it. Queries above it are
    /// queued with those of unknown callers.
    /// </summary>
    public const int PerSecond = 10, Burst = 32;

    /// <summary>Pairs of caller and wallet that are kept; the oldest is evicted first.</summary>
    public const int Limit = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Caller, EthereumAddress Wallet), int> questionsLeft = [];
    private readonly Queue<(string Caller, EthereumAddress Wallet)> oldest = new();
    private readonly Dictionary<EthereumAddress, DateTimeOffset> nextAllowed = [];

    /// <returns>
    /// Whether the caller had a query left and the wallet's rate limit allows it; the query is then used up.
    /// </returns>
    public bool TryUse(string caller, EthereumAddress wallet)
    {
        lock (gate)
        {
            if (!questionsLeft.TryGetValue((caller, wallet), out var questions) || questions == 0 || !TryAcquire(wallet))
            {
                return false;
            }

            questionsLeft[(caller, wallet)] = questions - 1;
            return true;
        }
    }

    public void Earn(string caller, EthereumAddress wallet)
    {
        lock (gate)
        {
            if (!questionsLeft.TryGetValue((caller, wallet), out var questions))
            {
                oldest.Enqueue((caller, wallet));
            }

            questionsLeft[(caller, wallet)] = Math.Min(questions + EarnedPerYes, MaxLeft);
            if (oldest.Count > Limit)
            {
                questionsLeft.Remove(oldest.Dequeue());
            }
        }
    }

    private bool TryAcquire(EthereumAddress wallet)
    {
        var (now, second) = (time.GetUtcNow(), TimeSpan.FromSeconds(1));
        var at = nextAllowed.TryGetValue(wallet, out var free) && free > now ? free : now;
        if (at > now + (second / PerSecond * Burst))
        {
            return false;
        }

        if (nextAllowed.Count >= Limit)
        {
            foreach (var idle in nextAllowed.Where(other => other.Value <= now).Select(other => other.Key).ToList())
            {
                nextAllowed.Remove(idle);
            }
        }

        nextAllowed[wallet] = at + (second / PerSecond);
        return true;
    }
}
