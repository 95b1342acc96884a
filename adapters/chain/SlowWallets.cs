using CapOrleans.Core;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// Wallets that did not answer in time lately. One question at a time is put to each, and after each timeout it is left alone for longer:
/// so however many of them there are, they take little of the time that the others wait for. Callers take turns at each.
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

    /// <returns>The turns of those who have a question to it; null for a wallet that is not slow.</returns>
    public FairTurns? TurnsOf(EthereumAddress wallet)
    {
        lock (gate)
        {
            return Find(wallet)?.Turns;
        }
    }

    /// <returns>How long it is left alone yet; zero or less when it may be asked.</returns>
    public TimeSpan BackoffOf(EthereumAddress wallet)
    {
        lock (gate)
        {
            return Find(wallet) is { } slow ? slow.Backoff - time.GetElapsedTime(slow.Since) : TimeSpan.Zero;
        }
    }

    /// <summary>The wallet, and not the node, did not answer in time. Questions that were under way together count once.</summary>
    public void NoteTimeout(EthereumAddress wallet)
    {
        lock (gate)
        {
            if (Find(wallet) is not { } slow)
            {
                if (!wallets.ContainsKey(wallet)) // else it was slow long ago
                {
                    oldest.Enqueue(wallet);
                }

                wallets[wallet] = new Slow(FirstBackoff, time.GetTimestamp(), new FairTurns(1, WalletClaim.Waiting, mostEach: 1));
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
        wallets.TryGetValue(wallet, out var slow) && time.GetElapsedTime(slow.Since) < Age ? slow : null;

    /// <param name="Since">The last timeout.</param>
    private sealed record Slow(TimeSpan Backoff, long Since, FairTurns Turns);
}
