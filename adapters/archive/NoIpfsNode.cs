using CapOrleans.Core.Archive;

namespace CapOrleans.Archive;

/// <summary>The CAR store when no IPFS node is configured: refuses every import.</summary>
public sealed class NoIpfsNode : ICarStore
{
    public Task ImportAsync(Cid root, IReadOnlyList<Cid> samples, Func<Stream, CancellationToken, Task> writeAsync, CancellationToken cancellationToken) =>
        throw new CarRefusedException("No IPFS node is configured: set IPFS_API.");
}
