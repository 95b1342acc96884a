using System.Text.Json;
using CapOrleans.Core.Archive;
using CsCheck;

namespace CapOrleans.Tests.Core.Archive;

public sealed class CidTests
{
    public static TheoryData<string, string> Blocks => Vectors.Cases("cid-blocks.json", "rawBlocks");

    public static TheoryData<string, string> Texts => Vectors.Cases("cid-invalid.json", "cases");

    [Theory, MemberData(nameof(Blocks))]
    public void A_raw_block_has_the_CID_that_IPFS_gives_it(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        if (vector.Text("hash") == "sha2-256")
        {
            var content = vector.TryGetProperty("contentHex", out _) ? vector.Hex("contentHex") : Pattern(vector.GetProperty("size").GetInt32());
            var cid = Cid.Of(Cid.Raw, content);
            Assert.True(vector.GetProperty("forms").Text("base32") == cid.Text, name);
            Assert.Equal(vector.Hex("cidBytesHex"), cid.ToBytes());
            Assert.True(Cid.TryParse(vector.GetProperty("forms").Text("base32upper"), out var upper));
            Assert.Equal(cid, upper);
        }
        else
        {
            Assert.False(Cid.TryParse(vector.GetProperty("forms").Text("base32"), out _), "only sha2-256 is ours");
        }
    }

    [Theory, MemberData(nameof(Texts))]
    public void Text_that_is_not_one_of_our_CIDs_is_refused(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        // A v0 CID names a UnixFS file; this system makes and reads blocks only.
        var accepted = vector.Text("want") is "accept" or "accept-but-content-mismatch" && vector.Text("text")[0] is 'b' or 'B';
        Assert.True((accepted && vector.Text("want").StartsWith("accept", StringComparison.Ordinal)) == Cid.TryParse(vector.Text("text"), out _), name);
    }

    [Fact]
    public void A_CID_reads_back_and_names_its_block_only() => Gen.Byte.Array[0, 200].Sample(block =>
    {
        var cid = Cid.Of(Cid.Raw, block);
        Assert.True(Cid.TryParse(cid.Text, out var read));
        Assert.Equal(cid, read);
        Assert.True(read.Matches(block));
        Assert.False(read.Matches([.. block, 0]));
    }, iter: 200);

    [Fact]
    public void A_manifest_is_the_block_that_IPLD_libraries_make()
    {
        var car = Vectors.Load("car.json");
        var blocks = car.GetProperty("blocks").EnumerateArray().ToList();
        var items = blocks.Skip(1).Select(block => Cid.Of(Cid.Raw, block.Hex("hex"))).ToList();
        var manifest = ArchiveManifest.Write(items);
        Assert.Equal(blocks[0].Hex("hex"), manifest);
        Assert.Equal(car.GetProperty("roots")[0].GetString(), Cid.Of(Cid.DagCbor, manifest).Text);
    }

    [Theory]
    [InlineData(23, 0x97, 0)]
    [InlineData(24, 0x98, 24)]
    [InlineData(256, 0x99, 1)]
    public void A_manifest_counts_its_items_as_CBOR_does(int count, byte first, byte second)
    {
        var manifest = ArchiveManifest.Write([.. Enumerable.Repeat(Cid.Of(Cid.Raw, []), count)]);
        Assert.Equal(first, manifest[10]);
        Assert.True(count < 24 || manifest[11] == second);
    }

    /// <summary>The byte pattern that the vectors describe instead of spelling it out.</summary>
    private static byte[] Pattern(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)((i * 31) + (i / 256 * 7) + 5))];
}
