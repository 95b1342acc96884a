using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.Grains.Consumers;

/// <summary>What a consumer did with the entries it was given.</summary>
/// <param name="To">Index of the first entry that it has not processed.</param>
/// <param name="Entries">The log entries about the work; empty when there was nothing to do.</param>
/// <param name="Cover">The range that the first of <paramref name="Entries"/> covers.</param>
/// <param name="DidWork">Whether it did work, even if there is no entry about it yet.</param>
internal sealed record Step(long To, IReadOnlyList<EntryDraft> Entries, CoveredRange? Cover = null, bool DidWork = false)
{
    /// <summary>Deliveries that changed.</summary>
    public IReadOnlyList<DeliveryRow> Deliveries { get; init; } = [];

    /// <summary>Escalations that changed.</summary>
    public EscalationCommit? Escalations { get; init; }

    public static Step Skip(long to) => new(to, []);
}
