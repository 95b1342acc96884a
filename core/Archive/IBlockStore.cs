namespace CapOrleans.Core.Archive;

public sealed record Block(Cid Cid, byte[] Bytes);

/// <summary>A store of blocks by their CIDs.</summary>
public interface IBlockStore
{
    /// <summary>
    /// Stores blocks. A block that exists already stays, unless its bytes were changed: then it is restored. When the
    /// task completes, all of them are on disk.
    /// </summary>
    Task PutAsync(IReadOnlyList<Block> blocks, CancellationToken cancellationToken);

    /// <returns>The block, verified against its CID; null when it is not in the store.</returns>
    Task<byte[]?> FindAsync(Cid cid, CancellationToken cancellationToken);
}
