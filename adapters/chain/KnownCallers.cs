using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// Addresses from which a wallet took a signature lately, and how many questions each may put to that wallet before strangers do: each yes
/// earns some. Strangers can name any wallet and cannot sign for it; and whoever captured one incident of it earns no more than that.
/// </summary>
/// <param name="time">By which a wallet's questions are counted: each is a call of the chain's nodes, which anchoring needs as well.</param>
internal sealed class KnownCallers(TimeProvider time)
{
    /// <summary>Questions that a yes earns, and that a caller has at most.</summary>
    public const int Earned = 8, Most = 64;

    /// <summary>To one wallet, of all its callers; so many more at once. More go with the strangers' questions.</summary>
    public const int PerSecond = 10, Burst = 32;

    /// <summary>Pairs kept; the oldest makes room.</summary>
    public const int Limit = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Caller, EthereumAddress Wallet), int> left = [];
    private readonly Queue<(string Caller, EthereumAddress Wallet)> oldest = new();
    private readonly Dictionary<EthereumAddress, DateTimeOffset> next = [];

    /// <returns>Whether one was left; it is used up.</returns>
    public bool TryUse(string caller, EthereumAddress wallet)
    {
        lock (gate)
        {
            if (!left.TryGetValue((caller, wallet), out var questions) || questions == 0 || !TryCount(wallet))
            {
                return false;
            }

            left[(caller, wallet)] = questions - 1;
            return true;
        }
    }

    public void Earn(string caller, EthereumAddress wallet)
    {
        lock (gate)
        {
            if (!left.TryGetValue((caller, wallet), out var questions))
            {
                oldest.Enqueue((caller, wallet));
            }

            left[(caller, wallet)] = Math.Min(questions + Earned, Most);
            if (oldest.Count > Limit)
            {
                left.Remove(oldest.Dequeue());
            }
        }
    }

    private bool TryCount(EthereumAddress wallet)
    {
        var (now, second) = (time.GetUtcNow(), TimeSpan.FromSeconds(1));
        var at = next.TryGetValue(wallet, out var free) && free > now ? free : now;
        if (at > now + (second / PerSecond * Burst))
        {
            return false;
        }

        if (next.Count >= Limit)
        {
            foreach (var idle in next.Where(other => other.Value <= now).Select(other => other.Key).ToList())
            {
                next.Remove(idle);
            }
        }

        next[wallet] = at + (second / PerSecond);
        return true;
    }
}
