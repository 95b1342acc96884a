using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Archive;

namespace CapOrleans.Archive;

/// <summary>
/// Reads a block from an untrusted source: at most <see cref="ArchiveLocations.MaxBlockBytes"/>, verified by its hash.
/// </summary>
internal static class FetchedBlock
{
    /// <returns>
    /// Ok or Wrong, by the block's hash; Unknown with reason <c>too-large</c> when it exceeds the limit.
    /// </returns>
    public static async Task<(LinkStatus Status, long? Bytes, string? Reason)> VerifyAsync(HttpContent content, Cid cid,
        CancellationToken cancellationToken) =>
        await ReadAsync(content, cancellationToken) is not { } block ? (LinkStatus.Unknown, null, "too-large")
        : (cid.Matches(block) ? LinkStatus.Ok : LinkStatus.Wrong, block.Length, null);

    /// <returns>Null when the content exceeds <see cref="ArchiveLocations.MaxBlockBytes"/>.</returns>
    public static async Task<byte[]?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > ArchiveLocations.MaxBlockBytes)
        {
            return null;
        }

        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        using var block = new MemoryStream();
        var buffer = new byte[81_920];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            if (block.Length + count > ArchiveLocations.MaxBlockBytes)
            {
                return null;
            }

            block.Write(buffer, 0, count);
        }

        return block.ToArray();
    }
}
