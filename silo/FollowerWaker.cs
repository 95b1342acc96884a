using CapOrleans.GrainInterfaces;

namespace CapOrleans.Silo;

/// <summary>
/// Wakes the followers every two seconds. They are nudged by every commit; this is for what a crash or a dependency that was
/// away left behind.
/// </summary>
internal sealed class FollowerWaker(IGrainFactory grains, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await grains.GetGrain<IArchivistGrain>(0).NudgeAsync();
            await grains.GetGrain<IAnchorerGrain>(0).NudgeAsync();
            await grains.GetGrain<IHooksGrain>(0).NudgeAsync();
        }
    }
}
