using CapOrleans.Core;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// Wallets that timed out recently. Each is asked one question at a time, with a longer backoff after each timeout, so
/// however many there are, they take little of the time that queries to other wallets wait for. Callers take turns at
/// each.
/// </summary>
internal sealed class SlowWallets(TimeProvider time)
{
    /// <summary>Backoff after the first timeout, and the longest one. 2 and 60 seconds.</summary>
    public static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(2), LongestBackoff = TimeSpan.FromSeconds(60);

    /// <summary>Time after the last timeout from which a wallet no longer counts as slow. 10 minutes.</summary>
    public static readonly TimeSpan Ttl = TimeSpan.FromMinutes(10);

    /// <summary>Wallets kept; the one that became slow first is evicted first.</summary>
    public const int Limit = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<EthereumAddress, Slow> wallets = [];
    private readonly Queue<EthereumAddress> oldest = new();

    /// <returns>The queue of queries to this wallet; null for a wallet that is not slow.</returns>
    public FairScheduler? TurnsOf(EthereumAddress wallet)
    {
        lock (gate)
        {
            return Find(wallet)?.Turns;
        }
    }

    /// <returns>Remaining backoff; zero or less when the wallet may be asked.</returns>
    public TimeSpan BackoffOf(EthereumAddress wallet)
    {
        lock (gate)
        {
            return Find(wallet) is { } slow ? slow.Backoff - time.GetElapsedTime(slow.Since) : TimeSpan.Zero;
        }
    }

    /// <summary>Records that the wallet, not the node, timed out. Timeouts of concurrent queries count once.</summary>
    public void NoteTimeout(EthereumAddress wallet)
    {
        lock (gate)
        {
            if (Find(wallet) is not { } slow)
            {
                if (!wallets.ContainsKey(wallet)) // else it was slow before, and is queued
                {
                    oldest.Enqueue(wallet);
                }

                wallets[wallet] = new Slow(FirstBackoff, time.GetTimestamp(), new FairScheduler(1, WalletClaim.MaxWaiting,
                    maxWaitingPerOwner: 1));
            }
            else if (time.GetElapsedTime(slow.Since) >= slow.Backoff)
            {
                var longer = slow.Backoff * 2 < LongestBackoff ? slow.Backoff * 2 : LongestBackoff;
                wallets[wallet] = slow with { Backoff = longer, Since = time.GetTimestamp() };
            }

            if (oldest.Count > Limit)
            {
                wallets.Remove(oldest.Dequeue());
            }
        }
    }

    private Slow? Find(EthereumAddress wallet) =>
        wallets.TryGetValue(wallet, out var slow) && time.GetElapsedTime(slow.Since) < Ttl ? slow : null;

    /// <param name="Since">Timestamp of the last timeout.</param>
    private sealed record Slow(TimeSpan Backoff, long Since, FairScheduler Turns);
}
