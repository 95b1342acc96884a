using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// Wallets that did not answer in time lately. One question at a time is put to each, and after each timeout it is left alone for longer: so
/// however many of them there are, they take little of the time that the others wait for.
/// </summary>
internal sealed class SlowWallets(TimeProvider time)
{
    /// <summary>After the first timeout, and at most. 2 and 60 seconds.</summary>
    public static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(2), LongestBackoff = TimeSpan.FromSeconds(60);

    /// <summary>Since the last timeout; then it is a wallet as any other. 10 minutes.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMinutes(10);

    /// <summary>Wallets kept; the one that was slow first makes room.</summary>
    public const int Limit = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<EthereumAddress, Slow> wallets = [];
    private readonly Queue<EthereumAddress> oldest = new();

    public bool Contains(EthereumAddress wallet)
    {
        lock (gate)
        {
            return wallets.TryGetValue(wallet, out var slow) && time.GetElapsedTime(slow.Since) < Age;
        }
    }

    /// <summary>Whoever gets no wait asks it now, and says how it ended.</summary>
    /// <returns>How long it is not asked yet; null for a wallet that is not slow, or whose turn it is.</returns>
    public TimeSpan? Begin(EthereumAddress wallet)
    {
        lock (gate)
        {
            if (!Contains(wallet))
            {
                return null;
            }

            var slow = wallets[wallet];
            if (slow.IsAsked)
            {
                return FirstBackoff;
            }

            if (slow.Backoff - time.GetElapsedTime(slow.Since) is var left && left > TimeSpan.Zero)
            {
                return left;
            }

            wallets[wallet] = slow with { IsAsked = true };
            return null;
        }
    }

    /// <param name="isTimeout">The wallet, and not the node, said nothing in time. Questions that were under way together count once.</param>
    public void End(EthereumAddress wallet, bool isTimeout)
    {
        lock (gate)
        {
            var isKnown = wallets.TryGetValue(wallet, out var slow);
            if (isKnown && !isTimeout)
            {
                wallets[wallet] = slow! with { IsAsked = false };
            }
            else if (isKnown && (slow!.IsAsked || time.GetElapsedTime(slow.Since) >= slow.Backoff))
            {
                wallets[wallet] = new Slow(slow.Backoff * 2 < LongestBackoff ? slow.Backoff * 2 : LongestBackoff, time.GetTimestamp());
            }
            else if (!isKnown && isTimeout)
            {
                wallets[wallet] = new Slow(FirstBackoff, time.GetTimestamp());
                oldest.Enqueue(wallet);
            }

            if (oldest.Count > Limit)
            {
                wallets.Remove(oldest.Dequeue());
            }
        }
    }

    /// <param name="Since">The last timeout.</param>
    /// <param name="IsAsked">A question to it is under way.</param>
    private sealed record Slow(TimeSpan Backoff, long Since, bool IsAsked = false);
}
