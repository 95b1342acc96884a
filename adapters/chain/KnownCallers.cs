using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// Addresses from which a wallet took a signature lately, and how many questions each may put to that wallet before strangers do: each yes
/// earns some. Strangers can name any wallet and cannot sign for it; and whoever captured one incident of it earns no more than that.
/// </summary>
internal sealed class KnownCallers
{
    /// <summary>Questions that a yes earns, and that a caller has at most.</summary>
    public const int Earned = 8, Most = 64;

    /// <summary>Pairs kept; the oldest makes room.</summary>
    public const int Limit = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Caller, EthereumAddress Wallet), int> left = [];
    private readonly Queue<(string Caller, EthereumAddress Wallet)> oldest = new();

    /// <returns>Whether one was left; it is used up.</returns>
    public bool TryUse(string caller, EthereumAddress wallet)
    {
        lock (gate)
        {
            return left.TryGetValue((caller, wallet), out var questions) && questions > 0 && (left[(caller, wallet)] = questions - 1) >= 0;
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
}
