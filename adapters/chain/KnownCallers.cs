using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <summary>
/// Addresses from which a wallet's signature came lately that the wallet took: their questions to that wallet go before those of strangers,
/// who can name any wallet and cannot sign for it.
/// </summary>
internal sealed class KnownCallers(TimeProvider time)
{
    /// <summary>Since the last yes. 24 hours.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromHours(24);

    /// <summary>Pairs kept; the oldest makes room.</summary>
    public const int Limit = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Caller, EthereumAddress Wallet), long> seen = [];
    private readonly Queue<(string Caller, EthereumAddress Wallet)> oldest = new();

    public bool Contains(string caller, EthereumAddress wallet)
    {
        lock (gate)
        {
            return seen.TryGetValue((caller, wallet), out var at) && time.GetElapsedTime(at) < Age;
        }
    }

    public void Add(string caller, EthereumAddress wallet)
    {
        lock (gate)
        {
            if (!seen.ContainsKey((caller, wallet)))
            {
                oldest.Enqueue((caller, wallet));
            }

            seen[(caller, wallet)] = time.GetTimestamp();
            if (oldest.Count > Limit)
            {
                seen.Remove(oldest.Dequeue());
            }
        }
    }
}
