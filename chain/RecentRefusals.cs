using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// What contract wallets refused a moment ago: who sends the same again is answered without asking the chain. Only a contract's no is
/// kept, never a fault of the node.
/// </summary>
internal sealed class RecentRefusals(TimeProvider time)
{
    /// <summary>How long a refusal counts: a wallet may change its mind. 10 seconds.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromSeconds(10);

    /// <summary>Refusals kept; the oldest makes room.</summary>
    public const int Limit = 1000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, long> refusedAt = [];
    private readonly Queue<string> oldest = new();

    public bool Holds(WalletClaim claim, byte[] hash)
    {
        lock (gate)
        {
            return refusedAt.TryGetValue(Key(claim, hash), out var at) && time.GetElapsedTime(at) < Age;
        }
    }

    public void Keep(WalletClaim claim, byte[] hash)
    {
        lock (gate)
        {
            var key = Key(claim, hash);
            if (refusedAt.TryAdd(key, time.GetTimestamp()))
            {
                oldest.Enqueue(key);
            }
            else
            {
                refusedAt[key] = time.GetTimestamp();
            }

            if (oldest.Count > Limit)
            {
                refusedAt.Remove(oldest.Dequeue());
            }
        }
    }

    private static string Key(WalletClaim claim, byte[] hash) =>
        Convert.ToHexString(Keccak256.Hash([.. claim.Wallet.ToArray(), .. hash, .. claim.Signature]));
}
