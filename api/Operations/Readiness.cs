using CapOrleans.Contracts.AuditLog;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Operations;

/// <param name="Status"><c>ready</c> when every log takes incidents; followers may lag, and say by how much and why.</param>
internal sealed record Readiness(string Status, IReadOnlyList<LogReadiness> Logs, IReadOnlyList<Progress> Followers)
{
    public static async Task<Readiness> OfAsync(IGrainFactory grains)
    {
        var numbers = Enumerable.Range(0, await grains.GetGrain<ILogReaderGrain>(0).CountAsync()).ToList();
        var heads = await Task.WhenAll(numbers.Select(log => grains.GetGrain<IAuditLogGrain>(log).HeadAsync()));
        var hooks = await grains.GetGrain<IHooksGrain>(0).ListAsync();
        var followers = numbers.SelectMany(log => hooks.Select(hook => (IFollower)grains.Notifier(hook.Id, log))
            .Prepend(grains.GetGrain<IAnchorerGrain>(log)).Prepend(grains.GetGrain<IArchivistGrain>(log)));
        return new Readiness(
            "ready",
            [.. numbers.Select(log => new LogReadiness(log, heads[log].Origin, heads[log].Size))],
            await Task.WhenAll(followers.Select(follower => follower.ProgressAsync())));
    }
}

/// <param name="Log">The log's number; CapIDs are spread over the logs.</param>
internal sealed record LogReadiness(int Log, string Origin, long Size);
