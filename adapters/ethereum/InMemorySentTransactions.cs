using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Ethereum;

/// <summary>
/// Keeps sent transactions in memory, for a single call. A call that was cut off may be repeated: the contract refuses
/// a record that exists, and a second deployment makes another contract.
/// </summary>
public sealed class InMemorySentTransactions : ISentTransactions
{
    public IReadOnlyList<SentTransaction> All { get; private set; } = [];

    public Task StoreAsync(IReadOnlyList<SentTransaction> sent, long gas = 0)
    {
        All = sent;
        return Task.CompletedTask;
    }
}
