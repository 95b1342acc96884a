using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// Wallets that were asked and did not answer in time, and are left alone for a while: longer after each time, so that however many of
/// them there are, they take little of the time that the others wait for. An answer, yes or no, ends it.
/// </summary>
internal sealed class SlowWallets(TimeProvider time)
{
    /// <summary>After the first timeout, and at most. 2 and 60 seconds.</summary>
    public static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(2), LongestBackoff = TimeSpan.FromSeconds(60);

    /// <summary>Wallets kept; the one that was slow first makes room.</summary>
    public const int Limit = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<EthereumAddress, (TimeSpan Backoff, long Since)> slow = [];
    private readonly Queue<EthereumAddress> oldest = new();

    /// <returns>How long it is not asked yet; null when it may be asked.</returns>
    public TimeSpan? BackoffOf(EthereumAddress wallet)
    {
        lock (gate)
        {
            return slow.TryGetValue(wallet, out var last) && last.Backoff - time.GetElapsedTime(last.Since) is var left && left > TimeSpan.Zero ? left : null;
        }
    }

    /// <summary>It did not answer. Questions that were under way together count once.</summary>
    public void Add(EthereumAddress wallet)
    {
        lock (gate)
        {
            if (!slow.TryGetValue(wallet, out var last))
            {
                slow[wallet] = (FirstBackoff, time.GetTimestamp());
                oldest.Enqueue(wallet);
            }
            else if (time.GetElapsedTime(last.Since) >= last.Backoff)
            {
                slow[wallet] = (last.Backoff * 2 < LongestBackoff ? last.Backoff * 2 : LongestBackoff, time.GetTimestamp());
            }

            if (oldest.Count > Limit)
            {
                slow.Remove(oldest.Dequeue());
            }
        }
    }

    public void Remove(EthereumAddress wallet)
    {
        lock (gate)
        {
            slow.Remove(wallet);
        }
    }
}
