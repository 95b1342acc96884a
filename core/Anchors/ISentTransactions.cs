using CapOrleans.Contracts.Anchors;

namespace CapOrleans.Core.Anchors;

/// <summary>
/// The writer's newest transactions, kept before they are sent: whoever comes after a crash knows by their hashes which of them arrived, and
/// sends the same again instead of others.
/// </summary>
public interface ISentTransactions
{
    /// <summary>In the order of their nonces, without a gap; empty when none was sent, or what became of all is known.</summary>
    IReadOnlyList<SentTransaction> All { get; }

    /// <param name="sent">Instead of those before.</param>
    /// <param name="gas">What they may use, where they are to be sent; less than zero: what was refused of it.</param>
    /// <returns>When they are on disk.</returns>
    Task KeepAsync(IReadOnlyList<SentTransaction> sent, long gas = 0);
}
