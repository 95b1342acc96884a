using CapOrleans.Core.Archive;

namespace CapOrleans.Archive;

/// <summary>No IPFS node is configured: there is nowhere to put a CAR.</summary>
public sealed class NoIpfsNode : ICarStore
{
    public Task ImportAsync(Cid root, IReadOnlyList<Cid> samples, Func<Stream, CancellationToken, Task> writeAsync, CancellationToken cancellationToken) =>
        throw new CarRefusedException("No IPFS node is configured: set IPFS_API.");
}
