using CapOrleans.Core.AuditLog;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Silo;

/// <summary>
/// Wakes the consumers every two seconds. Every commit nudges most of them; this is for work that a crash or an
/// unavailable dependency left behind.
/// </summary>
internal sealed class ConsumerWaker(IGrainFactory grains, LogMap logs, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await grains.GetGrain<IGatesGrain>(0).WatchAsync();
                for (var log = 0; log < logs.Count; log++)
                {
                    await grains.GetGrain<IArchivistGrain>(log).NudgeAsync();
                    await grains.GetGrain<IAnchorerGrain>(log).NudgeAsync();
                    await grains.GetGrain<ILinkValidatorGrain>(log).NudgeAsync();
                    await grains.GetGrain<IExporterGrain>(log).NudgeAsync();
                    await grains.GetGrain<IMirrorGrain>(log).NudgeAsync();
                    await grains.GetGrain<IWebhooksGrain>(0).NudgeAsync(log);
                    await grains.GetGrain<ILaddersGrain>(0).NudgeAsync(log);
                    await grains.GetGrain<IHeartbeatsGrain>(log).WatchAsync();
                }
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Part of the cluster does not answer, which its callers report; the next tick tries again.
            }
        }
    }
}
