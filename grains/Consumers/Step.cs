using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Grains.Consumers;

/// <summary>What a consumer did with the entries it was given.</summary>
/// <param name="To">Index of the first entry that it has not dealt with.</param>
/// <param name="Entries">What it says about that in the log; empty when there was nothing to do.</param>
/// <param name="Cover">The range that its first entry speaks for.</param>
/// <param name="IsWork">It did something, though it has nothing to say about it yet.</param>
internal sealed record Step(long To, IReadOnlyList<EntryDraft> Entries, Cover? Cover = null, bool IsWork = false)
{
    /// <summary>What became of deliveries.</summary>
    public IReadOnlyList<DeliveryRow> Deliveries { get; init; } = [];

    /// <summary>What became of escalations.</summary>
    public EscalationCommit? Escalations { get; init; }

    public static Step Skip(long to) => new(to, []);
}
