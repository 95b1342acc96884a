using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;

namespace CapOrleans.Archive;

/// <summary>The embedded store. Its answer is never Unknown: a database failure throws.</summary>
public sealed class StoreLocation(IBlockStore embedded, TimeProvider time) : IArchiveLocation
{
    public string Name => "store";

    public bool IsOwn => true;

    public async Task<LocationAnswer> AskAsync(Cid cid, CancellationToken cancellationToken)
    {
        var block = await embedded.FindAsync(cid, cancellationToken); // a block that was altered on disk is not found
        return new LocationAnswer(Name, IsOwn, block is null ? LinkStatus.Missing : LinkStatus.Ok, time.GetUtcNow(), Bytes: block?.Length);
    }
}
