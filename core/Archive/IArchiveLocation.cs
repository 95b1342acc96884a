using CapOrleans.Contracts.Archive;

namespace CapOrleans.Core.Archive;

/// <summary>A possible location of an archived block: the embedded store, an IPFS node, a gateway.</summary>
public interface IArchiveLocation
{
    /// <summary>Name in log entries; contains no path and no credentials.</summary>
    string Name { get; }

    /// <summary>Whether the location belongs to the deployment, as opposed to a gateway.</summary>
    bool IsOwn { get; }

    /// <summary>
    /// Requests the block and compares it with its CID. Ends within <see cref="ArchiveLocations.Timeout"/>.
    /// </summary>
    Task<LocationAnswer> AskAsync(Cid cid, CancellationToken cancellationToken);
}

/// <param name="All">The embedded store first.</param>
public sealed record ArchiveLocations(IReadOnlyList<IArchiveLocation> All)
{
    /// <summary>Timeout for one location and one CID: 10 seconds.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Largest block that is read: 2 MiB. No IPFS node forwards a larger one.</summary>
    public const int MaxBlockBytes = 2 << 20;

    public async Task<IReadOnlyList<LocationAnswer>> AskAsync(Cid cid, CancellationToken cancellationToken) =>
        await Task.WhenAll(All.Select(location => location.AskAsync(cid, cancellationToken)));

    public async Task<IReadOnlyList<LocationAnswer>> AskOwnAsync(Cid cid, CancellationToken cancellationToken) =>
        await Task.WhenAll(All.Where(location => location.IsOwn).Select(location => location.AskAsync(cid, cancellationToken)));
}
