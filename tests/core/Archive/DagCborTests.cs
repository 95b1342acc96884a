using CapOrleans.Core.Archive;
using CsCheck;

namespace CapOrleans.Tests.Core.Archive;

public sealed class DagCborTests
{
    private static readonly Cid A = Cid.Of(Cid.Raw, "a"u8), B = Cid.Of(Cid.DagCbor, "b"u8);

    [Fact]
    public void Links_are_found_at_any_depth_and_in_order()
    {
        // {"n": [1, -1, 1.5, true, null, h'd82a'], "to": {"x": A}, "items": [B, A]}
        byte[] block =
        [
            0xA3, 0x61, (byte)'n', 0x86, 0x01, 0x20, 0xFB, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0xF5, 0xF6, 0x42, 0xD8, 0x2A,
            0x62, .. "to"u8, 0xA1, 0x61, (byte)'x', .. DagCbor.Link(A), 0x65, .. "items"u8, 0x82, .. DagCbor.Link(B), .. DagCbor.Link(A),
        ];
        Assert.True(DagCbor.TryReadLinks(block, out var links));
        Assert.Equal([A, B, A], links);
    }

    [Fact]
    public void A_manifest_gives_back_what_it_was_made_of()
    {
        var items = Enumerable.Range(0, 300).Select(i => Cid.Of(Cid.Raw, [(byte)i, (byte)(i >> 8)])).ToList();
        Assert.True(DagCbor.TryReadLinks(ArchiveManifest.Write(items), out var links));
        Assert.Equal(items, links);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0000")] // two items
    [InlineData("8100ff")]
    [InlineData("9f00ff")] // indefinite length
    [InlineData("82")] // cut off
    [InlineData("5bffffffffffffffff")]
    [InlineData("9bffffffffffffffff")]
    [InlineData("bbffffffffffffffff00")]
    [InlineData("d82a41")]
    [InlineData("d82a4100")]
    [InlineData("d82a450001550000")] // links to an identity CID
    [InlineData("c000")] // a different tag
    [InlineData("f97e00")] // a half-precision float
    public void An_invalid_block_is_refused(string hex) => Assert.False(DagCbor.TryReadLinks(Convert.FromHexString(hex), out _));

    [Fact]
    public void Deep_nesting_is_refused_before_it_overflows_the_stack() =>
        Assert.False(DagCbor.TryReadLinks(Enumerable.Repeat((byte)0x81, 1 << 20).ToArray(), out _));

    [Fact]
    public void No_bytes_are_a_fault() => Gen.Byte.Array[0, 100].Sample(block => DagCbor.TryReadLinks(block, out _) || true, iter: 20_000);
}
