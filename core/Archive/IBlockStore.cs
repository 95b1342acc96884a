namespace CapOrleans.Core.Archive;

public sealed record Block(Cid Cid, byte[] Bytes);

/// <summary>Blocks by their CID.</summary>
public interface IBlockStore
{
    /// <summary>A block that is there already stays, unless its bytes were changed: then it is put right. When the task completes, all of them are on disk.</summary>
    Task PutAsync(IReadOnlyList<Block> blocks, CancellationToken cancellationToken);

    /// <returns>The block, checked against its CID; null when it is not here.</returns>
    Task<byte[]?> FindAsync(Cid cid, CancellationToken cancellationToken);
}
