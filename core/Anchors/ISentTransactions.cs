using CapOrleans.Contracts.Anchors;

namespace CapOrleans.Core.Anchors;

/// <summary>
/// The writer's last transaction, kept before it is sent: whoever comes after a crash knows by its hash whether it arrived, and sends the
/// same again instead of another.
/// </summary>
public interface ISentTransactions
{
    /// <summary>Null when none was sent, or what became of the last one is known.</summary>
    SentTransaction? Last { get; }

    /// <returns>When it is on disk.</returns>
    Task KeepAsync(SentTransaction? sent);
}
