using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Ethereum;

/// <summary>For a single call: the contract refuses what is there, so a call that was cut off may be made again.</summary>
public sealed class MemoryTransactions : ISentTransactions
{
    public IReadOnlyList<SentTransaction> All { get; private set; } = [];

    public Task KeepAsync(IReadOnlyList<SentTransaction> sent, long gas = 0)
    {
        All = sent;
        return Task.CompletedTask;
    }
}
