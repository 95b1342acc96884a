using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using Orleans.Concurrency;

namespace CapOrleans.GrainInterfaces;

/// <summary>One log's single writer. Key: the log's number.</summary>
[GrainInterfaceType("cap.audit-log"), Alias("cap.audit-log")]
public interface IAuditLogGrain : IGrainWithIntegerKey
{
    /// <summary>Waits for the commit that holds the append.</summary>
    [Alias("append")] Task<AppendOutcome> AppendAsync(Append append);

    [Alias("head")] Task<LogHead> HeadAsync();

    /// <summary>Commits nothing, once a second at most: a disk or a database that takes no writes is noticed before an incident comes.</summary>
    [Alias("check")] Task<LogHead> CheckAsync();
}

/// <summary>
/// Pages of the logs, for anyone who may read; any number of activations, key 0. A page ends at its limit of rows or at 4 MiB of entries,
/// whichever comes first. A caller that cancels ends its query.
/// </summary>
[GrainInterfaceType("cap.log-reader"), Alias("cap.log-reader")]
public interface ILogReaderGrain : IGrainWithIntegerKey
{
    /// <returns>How many logs there are; they are numbered from 0.</returns>
    [Alias("count")] Task<int> CountAsync();

    /// <summary>Incidents log by log, in each in order; or by time, see <see cref="IncidentQuery.IsByTime"/>.</summary>
    [Alias("incidents")] Task<IncidentPage> IncidentsAsync(IncidentQuery query, CancellationToken cancellationToken);

    /// <param name="after">A CapID; empty for the beginning.</param>
    /// <param name="limit">1 to 1000.</param>
    [Alias("caps")] Task<CapPage> CapsAsync(string after, int limit, CancellationToken cancellationToken);

    /// <param name="after">-1 for the beginning.</param>
    /// <param name="limit">1 to 1000.</param>
    /// <returns>Null when there is no such log.</returns>
    [Alias("entries")] Task<EntrySlice?> EntriesAsync(int log, long after, int limit, CancellationToken cancellationToken);

    /// <summary>What happened to incidents, of one log, in order.</summary>
    /// <param name="after">-1 for the beginning.</param>
    /// <param name="limit">Of the entries that are looked at, 1 to 1000.</param>
    /// <returns>Null when there is no such log.</returns>
    [Alias("events")] Task<IncidentEventSlice?> EventsAsync(
        int log, long after, int limit, IncidentEventFilter filter, CancellationToken cancellationToken);

    /// <summary>Accepted incidents in the legacy field names.</summary>
    [Alias("records")] Task<RecordPage> RecordsAsync(int log, long after, int limit, CancellationToken cancellationToken);

    /// <param name="after">Index; -1 for the beginning.</param>
    /// <returns>Null when the CapID is not registered.</returns>
    [Alias("score")] Task<ScorePage?> ScoreAsync(string capId, long after, int limit, CancellationToken cancellationToken);

    /// <summary>What became of deliveries, of all logs.</summary>
    [Alias("deliveries")] Task<DeliveryPage> DeliveriesAsync(DeliveryQuery query, CancellationToken cancellationToken);

    /// <returns>The bytes of the newest entry of this kind in any log; null when there is none.</returns>
    [Alias("latest")] Task<byte[]?> LatestAsync(string kind, CancellationToken cancellationToken);
}

/// <summary>A reader with an offset in the log.</summary>
public interface IConsumer
{
    /// <summary>There may be something new. Cheap, and harmless when there is not.</summary>
    [Alias("nudge"), OneWay, AlwaysInterleave] Task NudgeAsync();

    [Alias("progress"), AlwaysInterleave] Task<Progress> ProgressAsync();
}

/// <summary>Puts records into the block store. Key: the log's number.</summary>
[GrainInterfaceType("cap.archivist"), Alias("cap.archivist")]
public interface IArchivistGrain : IGrainWithIntegerKey, IConsumer;

/// <summary>Puts batches onto the chain. Key: the log's number.</summary>
[GrainInterfaceType("cap.anchorer"), Alias("cap.anchorer")]
public interface IAnchorerGrain : IGrainWithIntegerKey, IConsumer
{
    /// <returns>The batches that a block has and that are not deep enough in the chain yet, in order.</returns>
    [Alias("pending"), AlwaysInterleave] Task<IReadOnlyList<AnchorConfirmation>> PendingAsync();

    /// <summary>Goes on under another name on the chain, after the log was restored from an older copy.</summary>
    /// <returns>Null when the contract does not contradict the log.</returns>
    [Alias("restart")] Task<AnchorRestart?> RestartAsync(Actor by);
}

/// <summary>Shows CapIDs on the chain. Key: the log's number.</summary>
[GrainInterfaceType("cap.mirror"), Alias("cap.mirror")]
public interface IMirrorGrain : IGrainWithIntegerKey, IConsumer
{
    /// <returns>False when the settings name no contract: then it follows nothing.</returns>
    [Alias("is-on"), AlwaysInterleave] Task<bool> IsOnAsync();
}

/// <summary>Delivers to one webhook from one log. Key: the webhook's id with the log's number, see <see
/// cref="CapGrains.Notifier"/>.</summary>
[GrainInterfaceType("cap.notifier"), Alias("cap.notifier")]
public interface INotifierGrain : IGrainWithStringKey, IConsumer
{
    /// <summary>The webhook was removed or disabled: ends a delivery under way.</summary>
    [Alias("stop"), OneWay, AlwaysInterleave] Task StopAsync();

    /// <summary>Delivers again what the webhook wants of these entries, whatever became of it before.</summary>
    /// <param name="from">Index of the first.</param>
    /// <param name="behind">Index behind the last; at most <see cref="ClusterLimits.RedeliveredEntries"/> behind the first.</param>
    /// <returns>How many deliveries wait for it now; null when there is no such webhook.</returns>
    [Alias("redeliver"), AlwaysInterleave] Task<int?> RedeliverAsync(long from, long behind, Actor actor);
}
