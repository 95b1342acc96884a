using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;

namespace CapOrleans.Grains.Anchors;

/// <summary>
/// Computes a log's roots at past sizes from its leaf hashes. Continues from the previous size, since the sizes usually
/// grow.
/// </summary>
internal sealed class PastRoots(IAuditLogReader log, int number)
{
    private const int PageSize = 10_000;

    private MerkleFrontier tree = new();

    /// <param name="size">Number of entries, at most the log's size.</param>
    public async Task<byte[]> RootAtAsync(long size, CancellationToken cancellationToken)
    {
        if (size < tree.Size)
        {
            tree = new MerkleFrontier();
        }

        while (tree.Size < size)
        {
            var leaves = await log.ReadLeafHashesAsync(number, tree.Size, (int)Math.Min(PageSize, size - tree.Size), cancellationToken);
            ArgumentOutOfRangeException.ThrowIfZero(leaves.Count, nameof(size));
            foreach (var leaf in leaves)
            {
                tree.Append(leaf);
            }
        }

        return tree.Root();
    }
}
