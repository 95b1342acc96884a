using System.Buffers.Binary;

namespace CapOrleans.Core.Archive;

/// <summary>
/// The block that holds an archive batch together: DAG-CBOR <c>{"v": 1, "items": [link, ...]}</c>. Its CID is the batch's root:
/// who has it can find and check every record of the batch.
/// </summary>
public static class ArchiveManifest
{
    /// <param name="items">In log order.</param>
    public static byte[] Write(IReadOnlyList<Cid> items)
    {
        using var block = new MemoryStream();
        block.Write([0xA2, 0x61, (byte)'v', 0x01, 0x65, .. "items"u8]);
        block.Write(items.Count switch
        {
            < 24 => [(byte)(0x80 | items.Count)],
            < 256 => [0x98, (byte)items.Count],
            _ => [0x99, .. BigEndian((ushort)items.Count)],
        });
        foreach (var item in items)
        {
            // Tag 42, a byte string of 37 bytes: the identity multibase prefix 00, then the CID.
            block.Write([0xD8, 0x2A, 0x58, 0x25, 0x00, .. item.ToBytes()]);
        }

        return block.ToArray();
    }

    private static byte[] BigEndian(ushort value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return bytes;
    }
}
