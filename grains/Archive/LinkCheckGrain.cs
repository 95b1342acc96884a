using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;
using CapOrleans.GrainInterfaces;
using Microsoft.Extensions.Hosting;

namespace CapOrleans.Grains.Archive;

/// <summary>
/// Checks CIDs at the archive's locations for an operator. It bounds the requests sent out: one call at a time, and
/// within it a few CIDs in parallel.
/// </summary>
internal sealed class LinkCheckGrain(ArchiveLocations locations, TimeProvider time, IHostApplicationLifetime host) : Grain, ILinkCheckGrain
{
    private const int MaxParallel = 8;

    /// <summary>
    /// Time after which no further CIDs are asked for, so that the answer arrives while the caller is waiting.
    /// </summary>
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(15);

    public async Task<IReadOnlyList<LinkReport>> CheckAsync(IReadOnlyList<string> cids)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cids.Count, ClusterLimits.MaxCheckedLinks, nameof(cids));
        var started = time.GetTimestamp();
        var reports = new List<LinkReport>();
        foreach (var chunk in cids.Chunk(MaxParallel))
        {
            reports.AddRange(time.GetElapsedTime(started) < StartDeadline
                ? await Task.WhenAll(chunk.Select(CheckAsync))
                : chunk.Select(cid => new LinkReport(cid, [.. locations.All.Select(NotAsked)])));
        }

        return reports;
    }

    private async Task<LinkReport> CheckAsync(string cid) =>
        new(cid, Cid.TryParseForeign(cid, out var parsed) ? await locations.AskAsync(parsed, host.ApplicationStopping) : []);

    private LocationAnswer NotAsked(IArchiveLocation location) => new(location.Name, location.IsOwn, LinkStatus.Unknown,
        time.GetUtcNow(), Reason: "not-asked");
}
