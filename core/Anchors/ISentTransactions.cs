using CapOrleans.Contracts.Anchors;

namespace CapOrleans.Core.Anchors;

/// <summary>
/// The writer's newest transactions, stored before they are sent: after a crash, their hashes show which of them
/// arrived, and the same ones are sent again instead of new ones.
/// </summary>
public interface ISentTransactions
{
    /// <summary>Ordered by nonce, without a gap; empty when none was sent, or the outcome of all is known.</summary>
    IReadOnlyList<SentTransaction> All { get; }

    /// <param name="sent">Replaces the stored transactions.</param>
    /// <param name="gas">Gas limit of transactions that are about to be sent; negative for the gas limit of
    /// those that were refused.</param>
    /// <returns>Completes when they are on disk.</returns>
    Task StoreAsync(IReadOnlyList<SentTransaction> sent, long gas = 0);
}
