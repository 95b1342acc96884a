using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Forward;

/// <summary>Runs every lane as long as the gate runs.</summary>
internal sealed partial class Forwarder(IncidentSpool spool, ClusterLink cluster, TimeProvider time, ILogger<Forwarder> logger) : BackgroundService
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private readonly LaneForwarder?[] lanes = new LaneForwarder?[Lanes.Count];

    public IReadOnlyList<RestingQueue> Resting() => [.. lanes.SelectMany(lane => lane?.Resting ?? []).OrderBy(queue => queue.Until)];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, Lanes.Count).Select(lane => Task.Run(() => RunAsync(lane, stoppingToken), stoppingToken)));

    private async Task RunAsync(int lane, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await (lanes[lane] = new LaneForwarder(lane, spool, cluster, time)).RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // What waits stays on disk.
            }
            catch (Exception fault)
            {
                // The disk, most likely. What was decided is asked for again: the cluster knows it.
                LogFault(lane, fault.GetType().Name, fault.Message);
                await Task.Delay(Rest, time, CancellationToken.None);
            }
        }
    }

    [LoggerMessage(510, LogLevel.Error, "Lane {Lane} of the spool starts again: {Fault} {Message}")]
    private partial void LogFault(int lane, string fault, string message);
}
