using System.Buffers;

namespace CapOrleans.Core.Archive;

/// <summary>
/// Writes a CARv1, the file format that transports IPFS blocks: one header, then a section per block. Each call appends
/// one whole piece, so a writer has one block in memory however long the file gets.
/// </summary>
/// <remarks>Vectors: <c>car.json</c> and <c>three-blocks.car</c>, written by <c>@ipld/car</c>.</remarks>
public static class CarWriter
{
    /// <summary>The header: its length, then DAG-CBOR <c>{"roots": [link, ...], "version": 1}</c>.</summary>
    /// <param name="roots">At most 65,535; many readers require at least one.</param>
    public static void WriteHeader(IBufferWriter<byte> output, IReadOnlyList<Cid> roots)
    {
        byte[] header = [0xA2, 0x65, .. "roots"u8, .. DagCbor.ArrayHead(roots.Count), .. roots.SelectMany(DagCbor.Link), 0x67, .. "version"u8, 0x01];
        WriteVarint(output, header.Length);
        output.Write(header);
    }

    /// <summary>A section: the length of what follows, the CID, the bytes.</summary>
    /// <param name="block">Written as is: its bytes are not compared with its CID.</param>
    public static void WriteBlock(IBufferWriter<byte> output, Block block)
    {
        var cid = block.Cid.ToBytes();
        WriteVarint(output, cid.Length + block.Bytes.Length);
        output.Write(cid);
        output.Write(block.Bytes);
    }

    /// <summary>Unsigned LEB128.</summary>
    private static void WriteVarint(IBufferWriter<byte> output, int value)
    {
        var bytes = output.GetSpan(5);
        var length = 0;
        var rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7)
        {
            bytes[length++] = (byte)(rest | 0x80);
        }

        bytes[length++] = (byte)rest;
        output.Advance(length);
    }
}
