using System.Buffers;
using CapOrleans.Core.Archive;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Grains.Archive;

/// <summary>A range of a log as one CAR: its index, then the canonical bytes of every entry.</summary>
/// <param name="Index">The CAR's root block.</param>
/// <param name="Parts">Parts of the index, see <see cref="ExportIndex"/>.</param>
/// <param name="Samples">CIDs to read back after the import: some of the entries, and the first part of the
/// index.</param>
internal sealed record LogExport(ExportRange Range, Block Index, IReadOnlyList<Block> Parts, IReadOnlyList<Cid> Samples)
{
    /// <summary>Maximum entries per export. Each has a link of 41 bytes, and takes about 300 bytes in memory.</summary>
    public const int MaxEntries = 100_000;

    private const int PageLimit = 1000, SampleCount = 8;

    /// <summary>
    /// Reads the range for its links. <see cref="WriteAsync"/> reads it a second time and gets the same entries, since
    /// a log only grows.
    /// </summary>
    public static async Task<LogExport> ReadAsync(IAuditLogReader log, int number, ExportRange range, CancellationToken cancellationToken)
    {
        var entries = new List<Cid>();
        await foreach (var block in BlocksAsync(log, number, range, cancellationToken))
        {
            entries.Add(block.Cid);
        }

        var (root, parts) = ExportIndex.Write(range, entries);
        var samples = Enumerable.Range(0, SampleCount).Select(_ => entries[Random.Shared.Next(entries.Count)]).Append(entries[^1]).Concat(parts.Select(part => part.Cid).Take(1));
        return new LogExport(range, root, parts, [.. samples.Distinct()]);
    }

    /// <summary>Writes the CAR, with one page of entries in memory at a time.</summary>
    /// <returns>The number of bytes written.</returns>
    public async Task<long> WriteAsync(IAuditLogReader log, int number, Stream output, CancellationToken cancellationToken)
    {
        var piece = new ArrayBufferWriter<byte>();
        var (written, count) = (0L, 0);
        async Task FlushAsync()
        {
            await output.WriteAsync(piece.WrittenMemory, cancellationToken);
            written += piece.WrittenCount;
            piece.ResetWrittenCount();
        }

        CarWriter.WriteHeader(piece, [Index.Cid]);
        CarWriter.WriteBlock(piece, Index);
        await foreach (var block in BlocksAsync(log, number, Range, cancellationToken))
        {
            if (Parts.Count > 0 && count % ExportIndex.LinksPerBlock == 0)
            {
                CarWriter.WriteBlock(piece, Parts[count / ExportIndex.LinksPerBlock]);
            }

            CarWriter.WriteBlock(piece, block);
            count++;
            if (piece.WrittenCount > 1 << 16)
            {
                await FlushAsync();
            }
        }

        await FlushAsync();
        return written;
    }

    private static async IAsyncEnumerable<Block> BlocksAsync(
        IAuditLogReader log, int number, ExportRange range, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var at = range.From; at < range.To;)
        {
            var (entries, _) = await log.ReadAsync(number, at, (int)Math.Min(PageLimit, range.To - at), cancellationToken);
            ArgumentOutOfRangeException.ThrowIfZero(entries.Count, nameof(range));
            foreach (var entry in entries)
            {
                yield return new Block(Cid.Of(Cid.Raw, entry.Bytes), entry.Bytes);
            }

            at = entries[^1].Index + 1;
        }
    }
}
