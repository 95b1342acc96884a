using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Streams;

/// <summary>Events to send for a range of entries.</summary>
/// <param name="Through">
/// Index of the last entry that was examined; when there was none, the index where reading started.
/// </param>
internal sealed record StreamSlice(IReadOnlyList<(long Index, string Kind, string Data)> Events, long Through);

/// <summary>
/// Follows logs for one client, as Server-Sent Events. The only state per client is a position: a slow client falls
/// behind but misses nothing.
/// </summary>
internal sealed class EventStream(LogHeads heads, TimeProvider time)
{
    /// <summary>Interval of heartbeats; a client that receives nothing for longer has lost its connection.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Maximum duration of a stream; the client then reconnects.</summary>
    public static readonly TimeSpan MaxDuration = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Time within which a stream ends after its key is revoked.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(3);

    private const string HeartbeatEvent = "heartbeat";

    /// <param name="logs">Numbers of the logs to follow, in the order of <paramref name="position"/>.</param>
    /// <param name="read">Reads what follows an index in a log.</param>
    /// <param name="isStillAuthorized">Whether the client may still read.</param>
    /// <param name="cancellationToken">Cancelled when the client disconnects or the server stops.</param>
    public async IAsyncEnumerable<SseItem<string>> FollowAsync(
        IReadOnlyList<int> logs, StreamPosition position, Func<int, long, CancellationToken, Task<StreamSlice?>> read, Func<Task<bool>> isStillAuthorized,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (began, lastSentAt, checkedAt) = (time.GetTimestamp(), time.GetTimestamp(), time.GetTimestamp());
        var seen = new long[logs.Count];
        yield return At(position, "", HeartbeatEvent);
        while (time.GetElapsedTime(began) < MaxDuration)
        {
            var (sizes, changed) = heads.Current;
            var isBehind = false;
            for (var i = 0; i < logs.Count && sizes.Count > logs[i]; i++)
            {
                if (sizes[logs[i]] < seen[i])
                {
                    yield break; // restored from an older copy: the client finds out when it reconnects
                }

                seen[i] = sizes[logs[i]];
                if (position[i] >= seen[i] - 1)
                {
                    continue;
                }

                if (await TryReadAsync(read, logs[i], position[i], cancellationToken) is not { } slice)
                {
                    yield break;
                }

                foreach (var (index, kind, data) in slice.Events)
                {
                    position[i] = index;
                    lastSentAt = time.GetTimestamp();
                    yield return At(position, data, kind);
                }

                isBehind |= slice.Through > position[i] || slice.Events.Count > 0;
                position[i] = slice.Through;
            }

            var untilHeartbeat = Heartbeat - time.GetElapsedTime(lastSentAt);
            if (untilHeartbeat <= TimeSpan.Zero)
            {
                lastSentAt = time.GetTimestamp();
                yield return At(position, "", HeartbeatEvent);
            }
            else if (!isBehind)
            {
                await changed.WaitAsync(untilHeartbeat < CheckInterval ? untilHeartbeat : CheckInterval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (time.GetElapsedTime(checkedAt) >= CheckInterval)
            {
                checkedAt = time.GetTimestamp();
                if (!await IsStillAuthorizedAsync(isStillAuthorized))
                {
                    yield break;
                }
            }

            if (cancellationToken.IsCancellationRequested)
            {
                yield break;
            }
        }
    }

    private static async Task<bool> IsStillAuthorizedAsync(Func<Task<bool>> isStillAuthorized)
    {
        try
        {
            return await isStillAuthorized();
        }
        catch (Exception fault) when (ClusterFaults.IsTransient(fault))
        {
            return false; // the client reconnects
        }
    }

    private static SseItem<string> At(StreamPosition position, string data, string kind) =>
        new(data, kind) { EventId = $"{position}", ReconnectionInterval = kind == HeartbeatEvent ? RetryAfter : null };

    private static async Task<StreamSlice?> TryReadAsync(
        Func<int, long, CancellationToken, Task<StreamSlice?>> read, int log, long after, CancellationToken cancellationToken)
    {
        try
        {
            return await read(log, after, cancellationToken);
        }
        catch (Exception fault) when (ClusterFaults.IsTransient(fault) || cancellationToken.IsCancellationRequested)
        {
            return null; // the client reconnects
        }
    }
}
