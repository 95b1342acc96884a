using System.Buffers.Binary;
using System.Text;

namespace CapOrleans.Core.Archive;

/// <param name="From">Index of the first entry.</param>
/// <param name="To">Index after the last one; also the tree's size at <paramref name="TreeRoot"/>.</param>
/// <param name="TreeRoot">RFC 9162 root over all entries before <paramref name="To"/>, 32 bytes.</param>
public sealed record ExportRange(string Origin, long From, long To, byte[] TreeRoot);

/// <summary>
/// The block that links an export: DAG-CBOR <c>{"to", "from", "root", "size", "origin", "entries": [link, ...]}</c>.
/// The links are the CIDs of the entries' canonical bytes (codec raw) in log order; where there are many, they are
/// those of parts, <c>{"entries": [link, ...]}</c> (codec dag-cbor), which link the entries.
/// </summary>
public static class ExportIndex
{
    /// <summary>Maximum number of links in one block; they take 168 KB.</summary>
    public const int LinksPerBlock = 4096;

    /// <param name="entries">In log order, at most <see cref="LinksPerBlock"/> squared.</param>
    /// <returns>The root, and the parts in order: none when the root links the entries itself.</returns>
    public static (Block Root, IReadOnlyList<Block> Parts) Write(ExportRange range, IReadOnlyList<Cid> entries)
    {
        Block[] parts = entries.Count <= LinksPerBlock
            ? []
            : [.. entries.Chunk(LinksPerBlock).Select(links => BlockOf([0xA1, .. Links(links)]))];
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts.Length, LinksPerBlock, nameof(entries));
        // Members are ordered by the length of their names, then by their bytes, as DAG-CBOR requires.
        var root = BlockOf(
        [
            0xA6, .. Text("to"), .. Head(0, range.To), .. Text("from"), .. Head(0, range.From), .. Text("root"), .. Head(2, range.TreeRoot.Length), .. range.TreeRoot,
            .. Text("size"), .. Head(0, range.To), .. Text("origin"), .. Text(range.Origin), .. Links(parts.Length == 0 ? entries : [.. parts.Select(part => part.Cid)]),
        ]);
        return (root, parts);
    }

    private static byte[] Links(IReadOnlyList<Cid> links) => [.. Text("entries"), .. DagCbor.ArrayHead(links.Count), .. links.SelectMany(DagCbor.Link)];

    private static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [.. Head(3, bytes.Length), .. bytes];
    }

    /// <summary>A CBOR head in the shortest form, as DAG-CBOR requires.</summary>
    /// <param name="major">0 for a number, 2 for bytes, 3 for text.</param>
    private static byte[] Head(byte major, long value)
    {
        var (kind, bytes) = ((byte)(major << 5), new byte[8]);
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return value switch
        {
            < 24 => [(byte)(kind | value)],
            <= byte.MaxValue => [(byte)(kind | 24), bytes[7]],
            <= ushort.MaxValue => [(byte)(kind | 25), .. bytes[6..]],
            <= uint.MaxValue => [(byte)(kind | 26), .. bytes[4..]],
            _ => [(byte)(kind | 27), .. bytes],
        };
    }

    private static Block BlockOf(byte[] bytes) => new(Cid.Of(Cid.DagCbor, bytes), bytes);
}
