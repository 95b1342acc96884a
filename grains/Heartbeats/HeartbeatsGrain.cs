using CapOrleans.Core.Heartbeats;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Grains.Heartbeats;

/// <summary>
/// Finds missed heartbeats; their CapID decides. After a start, each has its grace period once more: while the cluster
/// was away, nobody could send one.
/// </summary>
[PlacedBesideItsLog]
internal sealed partial class HeartbeatsGrain(IHeartbeatReader heartbeats, TimeProvider time, ILogger<HeartbeatsGrain> logger)
    : Grain, IHeartbeatsGrain
{
    private const int MaxPerWatch = 256, Parallel = 16;

    private DateTimeOffset startedAt;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        startedAt = time.GetUtcNow();
        return Task.CompletedTask;
    }

    public async Task WatchAsync()
    {
        var now = time.GetUtcNow();
        var missed = (await heartbeats.MissedHeartbeatsAsync((int)this.GetPrimaryKeyLong(), now, MaxPerWatch, CancellationToken.None))
            .Where(row => now >= startedAt.AddSeconds(row.Last.GraceSeconds));
        foreach (var some in missed.Chunk(Parallel))
        {
            try
            {
                await Task.WhenAll(some.Select(row => GrainFactory.Cap(row.CapId).MissAsync(row.Last.Name)));
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                LogFault(fault.GetType().Name, fault.Message); // still due at the next watch
            }
        }
    }

    [LoggerMessage(271, LogLevel.Warning, "A missed heartbeat could not become an incident yet: {Fault} {Message}")]
    private partial void LogFault(string fault, string message);
}
