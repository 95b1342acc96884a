using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.MerkleTree;
using CapOrleans.Core.Signatures;
using CsCheck;

namespace CapOrleans.Tests.Chain.Contract;

/// <summary>
/// The contract verifies whether an entry is in a log as it was anchored, by RFC 9162; on a real chain.
/// </summary>
public sealed class InclusionOnChainTests : IAsyncLifetime
{
    private const string Origin = "caporleans/test/0";
    private const int Largest = 16;

    private static readonly byte[] LogKey = Keccak256.Hash(Encoding.UTF8.GetBytes(Origin));
    private static readonly JsonElement Vector = Vectors.Load("rfc9162.json");

    private ContractChain chain = null!;

    public async Task InitializeAsync()
    {
        chain = await ContractChain.StartAsync();
        foreach (var root in Vector.GetProperty("roots").EnumerateArray().Skip(1))
        {
            var size = root.GetProperty("size").GetInt64();
            await chain.AnchorAsync(chain.Owner, new AnchorBatch(Origin, size - 1, size, Hex(root.Text("root")), size, [], []));
        }
    }

    public Task DisposeAsync()
    {
        chain.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Every_proof_of_the_vectors_is_taken_at_its_size_and_at_no_other()
    {
        foreach (var proof in Vector.GetProperty("inclusion").EnumerateArray())
        {
            var (index, size) = (proof.GetProperty("index").GetInt64(), proof.GetProperty("size").GetInt64());
            Assert.True(await HoldsAsync(Leaf(index), index, size, Path(proof), LogKey, size));
            Assert.False(await HoldsAsync(Leaf(index), index, size, Path(proof), LogKey, size % Largest + 1));
        }
    }

    [Fact]
    public async Task What_must_be_rejected_is_rejected()
    {
        var rejected = Vector.GetProperty("mustReject").EnumerateArray().Where(proof => proof.Text("kind") == "inclusion").ToList();
        Assert.NotEmpty(rejected);
        foreach (var proof in rejected)
        {
            var anchored = Vector.GetProperty("roots").EnumerateArray().First(root => root.Text("root") == proof.Text("root")).GetProperty("size").GetInt64();
            Assert.False(
                await HoldsAsync(
                    Hex(proof.Text("leaf")), proof.GetProperty("index").GetInt64(), proof.GetProperty("size").GetInt64(), Path(proof), LogKey, anchored),
                proof.Text("why"));
        }
    }

    [Fact]
    public async Task Nothing_is_in_a_log_or_at_a_size_that_was_not_anchored()
    {
        Assert.False(await HoldsAsync(new byte[32], 0, 1, [], Keccak256.Hash("other"u8), 1));
        Assert.False(await HoldsAsync(new byte[32], 0, Largest + 1, [], LogKey, Largest + 1));
        Assert.False(await HoldsAsync(new byte[32], 0, 0, [], LogKey, 0));
    }

    [Fact]
    public Task A_proof_that_was_changed_anywhere_is_rejected() => Gen.Select(Gen.Int[0, 135], Gen.Int[0, 5], Gen.Int[0, 31], Gen.Byte[1, 255]).SampleAsync(async drawn =>
    {
        var (which, how, at, flip) = drawn;
        var proof = Vector.GetProperty("inclusion")[which];
        var (index, size, path) = (proof.GetProperty("index").GetInt64(), proof.GetProperty("size").GetInt64(), Path(proof));
        var leaf = Leaf(index);
        switch (how)
        {
            case 0:
                leaf[at] ^= flip;
                break;
            case 1 when path.Length > 0:
                path[at % path.Length][at] ^= flip;
                break;
            case 2 when path.Length > 0:
                path = path[..^1];
                break;
            case 3:
                path = [.. path, new byte[32]];
                break;
            case 4 when path.Length > 0:
                (leaf, path) = (MerkleHash.Node(leaf, path[0]), path[1..]); // an inner node is not a leaf
                break;
            default:
                index = size > 1 ? (index + 1 + (at % (size - 1))) % size : size + at;
                break;
        }

        Assert.False(await HoldsAsync(leaf, index, size, path, LogKey, size));
    }, iter: 200, threads: 1);

    private async Task<bool> HoldsAsync(byte[] leaf, long index, long size, byte[][] path, byte[] logKey, long anchored) =>
        await chain.AskAsync("verifyInclusion", leaf, index, size, path, logKey, anchored) == 1;

    private static byte[] Leaf(long index) => MerkleHash.Leaf(Encoding.ASCII.GetBytes($"leaf-{index}"));

    private static byte[][] Path(JsonElement proof) => [.. proof.GetProperty("proof").EnumerateArray().Select(hash => Hex(hash.GetString()!))];

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);
}
