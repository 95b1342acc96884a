using CapOrleans.Core.AuditLog;
using CapOrleans.Core.MerkleTree;

namespace CapOrleans.Grains.Anchors;

/// <summary>A log's roots at sizes that it had, computed from its leaf hashes. Goes on from the last one, since sizes grow.</summary>
internal sealed class PastRoots(IAuditLogReader log, int number)
{
    private const int PageSize = 10_000;

    private MerkleFrontier tree = new();

    /// <param name="size">Entries; at most as many as the log has.</param>
    public async Task<byte[]> AtAsync(long size, CancellationToken cancellationToken)
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
