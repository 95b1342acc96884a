using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// Caches recent answers of contract wallets, so that a retry is answered without asking the chain. Only a contract's
/// yes or no is cached, never a fault of a node.
/// </summary>
internal sealed class RecentAnswers(TimeProvider time)
{
    /// <summary>How long a no is cached; a wallet may change its mind. 10 seconds.</summary>
    public static readonly TimeSpan RejectedTtl = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a yes is cached, for callers that were asked to retry; a gate retries within a minute. 2 minutes.
    /// </summary>
    public static readonly TimeSpan AcceptedTtl = TimeSpan.FromMinutes(2);

    /// <summary>Answers kept; the oldest is evicted first.</summary>
    public const int Limit = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, (ChainBlock? Block, long At)> answers = [];
    private readonly Queue<string> oldest = new();

    /// <param name="block">The block of a yes; null for a no.</param>
    public bool TryFind(WalletClaim claim, byte[] hash, out ChainBlock? block)
    {
        lock (gate)
        {
            var isKnown = answers.TryGetValue(Key(claim, hash), out var answer)
                && time.GetElapsedTime(answer.At) < (answer.Block is null ? RejectedTtl : AcceptedTtl);
            block = isKnown ? answer.Block : null;
            return isKnown;
        }
    }

    public void Keep(WalletClaim claim, byte[] hash, ChainBlock? block)
    {
        lock (gate)
        {
            var key = Key(claim, hash);
            if (!answers.ContainsKey(key))
            {
                oldest.Enqueue(key);
            }

            answers[key] = (block, time.GetTimestamp());
            if (oldest.Count > Limit)
            {
                answers.Remove(oldest.Dequeue());
            }
        }
    }

    public static string Key(WalletClaim claim, byte[] hash) =>
        Convert.ToHexString(Keccak256.Hash([.. claim.Wallet.ToArray(), .. hash, .. claim.Signature]));
}
