using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Streams;

/// <summary>What a stream sends of some entries.</summary>
/// <param name="Through">Index of the last entry that was looked at; what came before when there was none.</param>
internal sealed record StreamSlice(IReadOnlyList<(long Index, string Kind, string Data)> Events, long Through);

/// <summary>
/// Follows logs for one client, as Server-Sent Events. It keeps nothing for the client but a position: whoever reads slowly is behind, and
/// misses nothing.
/// </summary>
internal sealed class EventStream(LogHeads heads, TimeProvider time)
{
    /// <summary>A client that hears nothing for longer has lost its connection.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Then a client comes again.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>How soon a key that was revoked reads no further.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(3);

    private const string HeartbeatEvent = "heartbeat";

    /// <param name="logs">Number of each log that is followed, in the order of <paramref name="position"/>.</param>
    /// <param name="read">Of a log, what comes after an index.</param>
    /// <param name="mayGoOn">Whether the client may still read.</param>
    /// <param name="cancellationToken">The client is gone, or the server stops.</param>
    public async IAsyncEnumerable<SseItem<string>> FollowAsync(
        IReadOnlyList<int> logs, StreamPosition position, Func<int, long, CancellationToken, Task<StreamSlice?>> read, Func<Task<bool>> mayGoOn,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (began, spoke, checkedAt) = (time.GetTimestamp(), time.GetTimestamp(), time.GetTimestamp());
        var seen = new long[logs.Count];
        yield return At(position, "", HeartbeatEvent);
        while (time.GetElapsedTime(began) < Longest)
        {
            var (sizes, changed) = heads.Current;
            var isBehind = false;
            for (var i = 0; i < logs.Count && sizes.Count > logs[i]; i++)
            {
                if (sizes[logs[i]] < seen[i])
                {
                    yield break; // set back to an older state: the client hears of it when it comes again
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
                    spoke = time.GetTimestamp();
                    yield return At(position, data, kind);
                }

                isBehind |= slice.Through > position[i] || slice.Events.Count > 0;
                position[i] = slice.Through;
            }

            var untilHeartbeat = Heartbeat - time.GetElapsedTime(spoke);
            if (untilHeartbeat <= TimeSpan.Zero)
            {
                spoke = time.GetTimestamp();
                yield return At(position, "", HeartbeatEvent);
            }
            else if (!isBehind)
            {
                await changed.WaitAsync(untilHeartbeat < CheckInterval ? untilHeartbeat : CheckInterval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (time.GetElapsedTime(checkedAt) >= CheckInterval)
            {
                checkedAt = time.GetTimestamp();
                if (!await MayGoOnAsync(mayGoOn))
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

    private static async Task<bool> MayGoOnAsync(Func<Task<bool>> mayGoOn)
    {
        try
        {
            return await mayGoOn();
        }
        catch (Exception fault) when (ClusterFaults.IsTransient(fault))
        {
            return false; // the client comes again
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
            return null; // the client comes again
        }
    }
}
