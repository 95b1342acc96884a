namespace CapOrleans.Core.Archive;

/// <summary>
/// The block that links an archive batch: DAG-CBOR <c>{"v": 1, "items": [link, ...]}</c>. Its CID is the batch's root,
/// from which every record of the batch can be found and verified.
/// </summary>
public static class ArchiveManifest
{
    /// <param name="items">In log order.</param>
    public static byte[] Write(IReadOnlyList<Cid> items) =>
        [0xA2, 0x61, (byte)'v', 0x01, 0x65, .. "items"u8, .. DagCbor.ArrayHead(items.Count), .. items.SelectMany(DagCbor.Link)];
}
