using System.Numerics;

namespace CapOrleans.Core.MerkleTree;

/// <summary>
/// The right edge of a growing tree: the roots of its perfect subtrees, one per set bit of the size. Enough to append
/// entries and to compute the root; at most 64 hashes however many entries there are.
/// </summary>
public sealed class MerkleFrontier
{
    private readonly List<byte[]> roots; // largest subtree first

    public MerkleFrontier()
        : this(0, [])
    {
    }

    private MerkleFrontier(long size, List<byte[]> roots)
    {
        Size = size;
        this.roots = roots;
    }

    /// <summary>Number of leaves.</summary>
    public long Size { get; private set; }

    /// <param name="leafHash">32 bytes, by <see cref="MerkleHash.Leaf"/>.</param>
    public void Append(byte[] leafHash)
    {
        var hash = leafHash;
        for (var merged = Size; (merged & 1) == 1; merged >>= 1)
        {
            hash = MerkleHash.Node(roots[^1], hash);
            roots.RemoveAt(roots.Count - 1);
        }

        roots.Add(hash);
        Size++;
    }

    public byte[] Root()
    {
        if (roots.Count == 0)
        {
            return MerkleHash.EmptyRoot;
        }

        var root = roots[^1];
        for (var i = roots.Count - 2; i >= 0; i--)
        {
            root = MerkleHash.Node(roots[i], root);
        }

        return root;
    }

    public MerkleFrontier Copy() => new(Size, [.. roots]);

    /// <returns>The concatenated hashes; with the size, they are the complete state.</returns>
    public byte[] ToBytes() => [.. roots.SelectMany(root => root)];

    /// <exception cref="ArgumentException">The bytes do not belong to a tree of this size.</exception>
    public static MerkleFrontier FromBytes(long size, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != 32 * BitOperations.PopCount((ulong)size))
        {
            throw new ArgumentException($"A frontier of {size} leaves has {BitOperations.PopCount((ulong)size)} hashes of 32 bytes.", nameof(bytes));
        }

        var roots = new List<byte[]>();
        for (var at = 0; at < bytes.Length; at += 32)
        {
            roots.Add(bytes.Slice(at, 32).ToArray());
        }

        return new MerkleFrontier(size, roots);
    }

    /// <summary>
    /// Restores a stored state and verifies its root: from a wrong state, every later root would be wrong.
    /// </summary>
    /// <exception cref="InvalidDataException">The bytes are not those of the tree with this root.</exception>
    public static MerkleFrontier FromBytes(long size, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> root) =>
        FromBytes(size, bytes) is var frontier && frontier.Root().AsSpan().SequenceEqual(root) ? frontier
            : throw new InvalidDataException($"The stored state of the log's tree is damaged: the root of its {size} " +
                "entries does not match.");
}
