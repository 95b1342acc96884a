using CapOrleans.Contracts.Archive;

namespace CapOrleans.Core.Archive;

/// <summary>Where an archived block may be: the embedded store, an IPFS node, a gateway.</summary>
public interface IArchiveLocation
{
    /// <summary>As log entries name it; holds no path and no credentials.</summary>
    string Name { get; }

    /// <summary>The deployment's own, as opposed to a gateway.</summary>
    bool IsOwn { get; }

    /// <summary>Asks for the block and compares it with its CID. Ends within <see cref="ArchiveLocations.Timeout"/>.</summary>
    Task<LinkAnswer> AskAsync(Cid cid, CancellationToken cancellationToken);
}

/// <param name="All">The embedded store first.</param>
public sealed record ArchiveLocations(IReadOnlyList<IArchiveLocation> All)
{
    /// <summary>For one location and one CID. 10 seconds.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Of a block that is read; no IPFS node passes on a larger one. 2 MiB.</summary>
    public const int MaxBlockBytes = 2 << 20;

    public async Task<IReadOnlyList<LinkAnswer>> AskAsync(Cid cid, CancellationToken cancellationToken) =>
        await Task.WhenAll(All.Select(location => location.AskAsync(cid, cancellationToken)));

    public async Task<IReadOnlyList<LinkAnswer>> AskOwnAsync(Cid cid, CancellationToken cancellationToken) =>
        await Task.WhenAll(All.Where(location => location.IsOwn).Select(location => location.AskAsync(cid, cancellationToken)));
}
