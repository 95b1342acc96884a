using CapOrleans.Core.MerkleTree;

namespace CapOrleans.LogVerifier;

/// <summary>A growing tree and its past roots: those of the last million sizes, in 40 MB.</summary>
internal sealed class RootHistory
{
    private const int Chunk = 256, MaxChunks = 4096, HashLength = 32;

    private readonly MerkleFrontier tree = new();

    /// <summary>By chunk number: the tree at the chunk's start, and the leaves added since.</summary>
    private readonly Dictionary<long, (MerkleFrontier Start, byte[] Leaves)> chunks = [];

    public long Size => tree.Size;

    public byte[] Root() => tree.Root();

    public void Append(byte[] leaf)
    {
        var (number, at) = Math.DivRem(tree.Size, Chunk);
        if (at == 0)
        {
            chunks.Add(number, (tree.Copy(), new byte[Chunk * HashLength]));
            chunks.Remove(number - MaxChunks);
        }

        leaf.CopyTo(chunks[number].Leaves, at * HashLength);
        tree.Append(leaf);
    }

    /// <returns>Null when the size is too long ago, or not reached yet.</returns>
    public byte[]? RootAt(long size)
    {
        var (number, count) = Math.DivRem(size, Chunk);
        if (size == tree.Size)
        {
            return tree.Root();
        }

        if (size < 0 || size > tree.Size || !chunks.TryGetValue(number, out var chunk))
        {
            return null;
        }

        var then = chunk.Start.Copy();
        for (var i = 0; i < count; i++)
        {
            then.Append(chunk.Leaves[(i * HashLength)..((i + 1) * HashLength)]);
        }

        return then.Root();
    }
}
