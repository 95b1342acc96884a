using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CapOrleans.Core.Archive;

namespace CapOrleans.Tests.Core.Archive;

/// <summary>CARs of exports, read by <c>@ipld/car</c> and <c>@ipld/dag-cbor</c>.</summary>
public sealed class ExportIndexTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(300, 0)]
    [InlineData(4096, 0)]
    [InlineData(4097, 2)]
    [InlineData(10_000, 3)]
    public async Task Independent_software_reads_index_and_entries_in_order(int count, int expectedParts)
    {
        var from = 1L << 33;
        var entries = Enumerable.Range(0, count).Select(i => Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture)))
            .Select(bytes => new Block(Cid.Of(Cid.Raw, bytes), bytes)).ToList();
        var (root, parts) = ExportIndex.Write(new ExportRange("log/ä", from, from + count, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]), [.. entries.Select(entry => entry.Cid)]);
        Assert.Equal(expectedParts, parts.Count);
        var car = new ArrayBufferWriter<byte>();
        CarWriter.WriteHeader(car, [root.Cid]);
        foreach (var block in parts.Prepend(root).Concat(entries))
        {
            CarWriter.WriteBlock(car, block);
        }

        await File.WriteAllBytesAsync(directory.File("export.car"), car.WrittenSpan.ToArray());
        var read = JsonElement.Parse(await Child.RunAsync("node", Repository.File("tests", "clients", "read-car.mjs"), directory.File("export.car")));
        Assert.Equal(
            (root.Cid.Text, from, from + count, from + count, "log/ä", Convert.ToHexStringLower([.. Enumerable.Range(0, 32).Select(i => (byte)i)]), count + expectedParts + 1),
            (read.Text("root"), read.GetProperty("from").GetInt64(), read.GetProperty("to").GetInt64(), read.GetProperty("size").GetInt64(), read.Text("origin"), read.Text("treeRoot"),
                read.GetProperty("blocks").GetInt32()));
        Assert.Equal(entries.Select(entry => Convert.ToBase64String(entry.Bytes)), read.GetProperty("entries").EnumerateArray().Select(entry => entry.GetString()));
    }
}
