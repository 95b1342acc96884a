using System.Text;
using CapOrleans.Core.MerkleTree;
using CsCheck;

namespace CapOrleans.Tests.Core.MerkleTree;

public sealed class MerkleFrontierTests
{
    [Fact]
    public void Leaves_and_roots_are_those_of_RFC_9162()
    {
        var vectors = Vectors.Load("rfc9162.json");
        var leaves = vectors.GetProperty("leafHashes").EnumerateArray().Select(hash => hash.GetString()!).ToList();
        for (var i = 0; i < leaves.Count; i++)
        {
            Assert.Equal(leaves[i], Convert.ToHexStringLower(MerkleHash.Leaf(Encoding.ASCII.GetBytes($"leaf-{i}"))));
        }

        foreach (var vector in vectors.GetProperty("roots").EnumerateArray())
        {
            var frontier = Grow(vector.GetProperty("size").GetInt32());
            Assert.Equal(vector.Text("root"), Convert.ToHexStringLower(frontier.Root()));
        }
    }

    [Fact]
    public void A_frontier_gives_the_root_of_the_recursive_definition() => Gen.Int[0, 300].Sample(size =>
    {
        var leaves = Enumerable.Range(0, size).Select(i => MerkleHash.Leaf(Encoding.ASCII.GetBytes($"leaf-{i}"))).ToArray();
        Assert.Equal(Recursive(leaves), Grow(size).Root());
    }, iter: 60);

    [Fact]
    public void A_frontier_survives_being_stored() => Gen.Int[0, 300].Sample(size =>
    {
        var frontier = Grow(size);
        var restored = MerkleFrontier.FromBytes(size, frontier.ToBytes());
        frontier.Append(MerkleHash.Leaf("next"u8));
        restored.Append(MerkleHash.Leaf("next"u8));
        Assert.Equal(frontier.Root(), restored.Root());
    }, iter: 60);

    [Fact]
    public void Bytes_of_another_size_are_refused() =>
        Assert.Throws<ArgumentException>(() => MerkleFrontier.FromBytes(4, Grow(3).ToBytes()));

    [Fact]
    public void A_stored_state_that_does_not_give_its_root_is_refused()
    {
        var (tree, damaged) = (Grow(5), Grow(5).ToBytes());
        Assert.Equal(tree.Root(), MerkleFrontier.FromBytes(5, tree.ToBytes(), tree.Root()).Root());
        damaged[40] ^= 1;
        Assert.Throws<InvalidDataException>(() => MerkleFrontier.FromBytes(5, damaged, tree.Root()));
    }

    private static MerkleFrontier Grow(int size)
    {
        var frontier = new MerkleFrontier();
        for (var i = 0; i < size; i++)
        {
            frontier.Append(MerkleHash.Leaf(Encoding.ASCII.GetBytes($"leaf-{i}")));
        }

        return frontier;
    }

    /// <summary>MTH of RFC 9162 section 2.1.1, exactly as defined there.</summary>
    private static byte[] Recursive(ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length <= 1)
        {
            return leaves.Length == 0 ? MerkleHash.EmptyRoot : leaves[0];
        }

        var k = 1;
        while (k * 2 < leaves.Length)
        {
            k *= 2;
        }

        return MerkleHash.Node(Recursive(leaves[..k]), Recursive(leaves[k..]));
    }
}
