using System.Buffers;
using System.Text.Json;
using CapOrleans.Core.Archive;

namespace CapOrleans.Tests.Core.Archive;

public sealed class CarWriterTests
{
    [Fact]
    public void The_file_is_the_one_that_the_reference_library_writes()
    {
        var vector = Vectors.Load("car.json");
        var output = new ArrayBufferWriter<byte>();
        CarWriter.WriteHeader(output, [.. vector.GetProperty("roots").EnumerateArray().Select(root => Parse(root.GetString()!))]);
        foreach (var block in vector.GetProperty("blocks").EnumerateArray())
        {
            CarWriter.WriteBlock(output, new Block(Parse(block.Text("cid")), block.Hex("hex")));
        }

        Assert.Equal(vector.Text("carHex"), Convert.ToHexStringLower(output.WrittenSpan));
        Assert.Equal(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "three-blocks.car")), output.WrittenSpan.ToArray());
    }

    [Theory]
    [InlineData(0, "11")]
    [InlineData(23, "c007")]
    [InlineData(24, "ea07")]
    [InlineData(300, "9f60")]
    public void A_header_states_its_length(int roots, string length)
    {
        var output = new ArrayBufferWriter<byte>();
        CarWriter.WriteHeader(output, [.. Enumerable.Repeat(Cid.Of(Cid.Raw, "block"u8), roots)]);
        Assert.StartsWith(length + "a265", Convert.ToHexStringLower(output.WrittenSpan), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "24")]
    [InlineData(91, "7f")]
    [InlineData(92, "8001")]
    [InlineData(0x4000 - 36, "808001")]
    [InlineData((1 << 20) - 36, "808040")]
    public void A_section_states_its_length(int blockBytes, string length)
    {
        var bytes = new byte[blockBytes];
        var output = new ArrayBufferWriter<byte>();
        CarWriter.WriteBlock(output, new Block(Cid.Of(Cid.Raw, bytes), bytes));
        Assert.StartsWith(length + "01551220", Convert.ToHexStringLower(output.WrittenSpan), StringComparison.Ordinal);
        Assert.Equal((length.Length / 2) + 36 + blockBytes, output.WrittenCount);
    }

    private static Cid Parse(string text) => Cid.TryParse(text, out var cid) ? cid : throw new FormatException(text);
}
