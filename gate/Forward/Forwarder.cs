using CapOrleans.Contracts.Gates;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Forward;

/// <summary>Runs the forwarder of every partition for as long as the gate runs.</summary>
internal sealed partial class Forwarder(
    IncidentSpool spool, ClusterLink cluster, ProvenQueues proven, TimeProvider time, ILogger<Forwarder> logger) : BackgroundService
{
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    private readonly PartitionForwarder?[] partitions = new PartitionForwarder?[Partitions.Count];

    public IReadOnlyList<QueueRetry> BackingOff() => [.. partitions.SelectMany(partition => partition?.BackingOff ?? []).OrderBy(queue => queue.Until)];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, Partitions.Count).Select(partition => Task.Run(() => RunAsync(partition, stoppingToken), stoppingToken)));

    private async Task RunAsync(int partition, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await (partitions[partition] = new PartitionForwarder(partition, spool, cluster, proven, time)).RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // What waits stays on disk.
            }
            catch (Exception fault)
            {
                // The disk, most likely. What was already decided is sent again: the cluster recognises it.
                LogFault(partition, fault.GetType().Name, fault.Message);
                await Task.Delay(Backoff, time, CancellationToken.None);
            }
        }
    }

    [LoggerMessage(510, LogLevel.Error, "Restarting partition {Partition} of the spool after {Fault}: {Message}")]
    private partial void LogFault(int partition, string fault, string message);
}
