using System.Runtime.CompilerServices;
using CapOrleans.Contracts.Incidents;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Legacy;

/// <summary>
/// Merges the accepted incidents of all logs into one stream, ordered by time of acceptance. Each log is read page by
/// page, so at most one page of each is in memory, however long they are.
/// </summary>
internal static class MergedRecords
{
    private const int PageSize = 500;

    public static async IAsyncEnumerable<AuditRecord> ReadAsync(IGrainFactory grains, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = grains.GetGrain<ILogReaderGrain>(0);
        var heads = new PriorityQueue<IAsyncEnumerator<(DateTimeOffset At, AuditRecord Record)>, (DateTimeOffset At, int Log)>();
        var count = await reader.CountAsync();
        for (var log = 0; log < count; log++)
        {
            await AdvanceAsync(heads, OfLogAsync(reader, log, cancellationToken).GetAsyncEnumerator(cancellationToken), log);
        }

        while (heads.TryDequeue(out var head, out var order))
        {
            yield return head.Current.Record;
            await AdvanceAsync(heads, head, order.Log);
        }
    }

    private static async Task AdvanceAsync(
        PriorityQueue<IAsyncEnumerator<(DateTimeOffset At, AuditRecord Record)>, (DateTimeOffset At, int Log)> heads,
        IAsyncEnumerator<(DateTimeOffset At, AuditRecord Record)> log, int number)
    {
        if (await log.MoveNextAsync())
        {
            heads.Enqueue(log, (log.Current.At, number));
        }
    }

    private static async IAsyncEnumerable<(DateTimeOffset At, AuditRecord Record)> OfLogAsync(
        ILogReaderGrain reader, int log, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long? after = -1; after is not null;)
        {
            var page = await reader.RecordsAsync(log, after.Value, PageSize, cancellationToken);
            foreach (var item in page.Items)
            {
                yield return item;
            }

            after = page.Next;
        }
    }
}
