using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>The single writer of one log. Key: the log's number.</summary>
[GrainInterfaceType("cap.audit-log"), Alias("cap.audit-log")]
public interface IAuditLogGrain : IGrainWithIntegerKey
{
    /// <summary>Completes when the append is committed, or immediately when the log's queue is full.</summary>
    [Alias("append")] Task<AppendOutcome> AppendAsync(Append append);

    [Alias("head")] Task<LogHead> HeadAsync();

    /// <summary>
    /// Makes an empty commit, at most once a second, so that a disk or database that refuses writes is noticed before
    /// an incident arrives.
    /// </summary>
    [Alias("check")] Task<LogHead> CheckAsync();
}

/// <summary>
/// Reads pages of the logs, for any reader. Any number of activations, key 0. A page ends at its row limit or at 4 MiB
/// of entries, whichever comes first. Cancelling a call ends its query.
/// </summary>
[GrainInterfaceType("cap.log-reader"), Alias("cap.log-reader")]
public interface ILogReaderGrain : IGrainWithIntegerKey
{
    /// <returns>The number of logs; they are numbered from 0.</returns>
    [Alias("count")] Task<int> CountAsync();

    /// <summary>
    /// Returns incidents log by log, each in log order; or by time, see <see cref="IncidentQuery.IsByTime"/>.
    /// </summary>
    [Alias("incidents")] Task<IncidentPage> IncidentsAsync(IncidentQuery query, CancellationToken cancellationToken);

    /// <param name="after">The CapID to start after; empty for the beginning.</param>
    /// <param name="limit">1 to 1000.</param>
    [Alias("caps")] Task<CapPage> CapsAsync(string after, int limit, CancellationToken cancellationToken);

    /// <param name="after">Index to start after; -1 for the beginning.</param>
    /// <param name="limit">1 to 1000.</param>
    /// <returns>Null when there is no such log.</returns>
    [Alias("entries")] Task<EntrySlice?> EntriesAsync(int log, long after, int limit, CancellationToken cancellationToken);

    /// <summary>Returns what happened to incidents of one log, in order.</summary>
    /// <param name="after">Index to start after; -1 for the beginning.</param>
    /// <param name="limit">Entries to examine, 1 to 1000.</param>
    /// <returns>Null when there is no such log.</returns>
    [Alias("events")] Task<IncidentEventSlice?> EventsAsync(
        int log, long after, int limit, IncidentEventFilter filter, CancellationToken cancellationToken);

    /// <summary>Returns accepted incidents with the legacy field names.</summary>
    [Alias("records")] Task<RecordPage> RecordsAsync(int log, long after, int limit, CancellationToken cancellationToken);

    /// <param name="after">Index to start after; -1 for the beginning.</param>
    /// <returns>Null when the CapID is not registered.</returns>
    [Alias("score")] Task<ScorePage?> ScoreAsync(string capId, long after, int limit, CancellationToken cancellationToken);

    /// <summary>Returns deliveries and their outcomes, across all logs.</summary>
    [Alias("deliveries")] Task<DeliveryPage> DeliveriesAsync(DeliveryQuery query, CancellationToken cancellationToken);

    /// <returns>The bytes of the newest entry of this kind in any log; null when there is none.</returns>
    [Alias("latest")] Task<byte[]?> LatestAsync(string kind, CancellationToken cancellationToken);
}

/// <summary>A consumer: reads a log from an offset of its own.</summary>
public interface IConsumer
{
    /// <summary>Signals that the log may have grown. Cheap, and harmless when it has not.</summary>
    [Alias("nudge"), OneWay, AlwaysInterleave] Task NudgeAsync();

    [Alias("progress"), AlwaysInterleave] Task<Progress> ProgressAsync();
}

/// <summary>Puts records into the block store. Key: the log's number.</summary>
[GrainInterfaceType("cap.archivist"), Alias("cap.archivist")]
public interface IArchivistGrain : IGrainWithIntegerKey, IConsumer;

/// <summary>Anchors batches on the chain. Key: the log's number.</summary>
[GrainInterfaceType("cap.anchorer"), Alias("cap.anchorer")]
public interface IAnchorerGrain : IGrainWithIntegerKey, IConsumer
{
    /// <returns>The batches that are in a block which is not deep enough in the chain yet, in order.</returns>
    [Alias("pending"), AlwaysInterleave] Task<IReadOnlyList<AnchorConfirmation>> PendingAsync();

    /// <summary>Continues under a new name on the chain, after the log was restored from an older copy.</summary>
    /// <returns>Null when the contract does not contradict the log.</returns>
    [Alias("restart")] Task<AnchorRestart?> RestartAsync(Actor by);
}

/// <summary>Mirrors CapIDs to the chain. Key: the log's number.</summary>
[GrainInterfaceType("cap.mirror"), Alias("cap.mirror")]
public interface IMirrorGrain : IGrainWithIntegerKey, IConsumer
{
    /// <returns>False when the settings name no contract; the mirror then follows nothing.</returns>
    [Alias("is-on"), AlwaysInterleave] Task<bool> IsOnAsync();
}

/// <summary>
/// Delivers the entries of one log to one webhook. Key: the webhook's id and the log's number, see
/// <see cref="CapGrains.Notifier"/>.
/// </summary>
[GrainInterfaceType("cap.notifier"), Alias("cap.notifier")]
public interface INotifierGrain : IGrainWithStringKey, IConsumer
{
    /// <summary>
    /// Stops the notifier and aborts its deliveries in progress, after the webhook was removed or disabled.
    /// </summary>
    [Alias("stop"), OneWay, AlwaysInterleave] Task StopAsync();

    /// <summary>
    /// Delivers again, whatever the earlier outcome, those entries of a range that the webhook wants.
    /// </summary>
    /// <param name="from">Index of the first entry.</param>
    /// <param name="behind">Index after the last entry; at most <see cref="ClusterLimits.RedeliveredEntries"/> above
    /// <paramref name="from"/>.</param>
    /// <returns>The number of deliveries queued; null when there is no such webhook.</returns>
    [Alias("redeliver"), AlwaysInterleave] Task<int?> RedeliverAsync(long from, long behind, Actor actor);
}
