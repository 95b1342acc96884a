using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Tests.AuditLog;

public abstract partial class AuditLogTests
{
    private IDeliveryReader Deliveries => (IDeliveryReader)Reader;

    [Fact]
    public async Task Waiting_deliveries_fall_due_in_time_and_the_most_severe_first()
    {
        await CommitAsync(Row(1, rank: 1, dueIn: -3), Row(2, rank: 3, dueIn: -1), Row(3, rank: 3, dueIn: -2), Row(4, rank: 2, dueIn: 5),
            Row(5, rank: 0, dueIn: -9), Row(6, rank: 3, dueIn: -2) with { Webhook = "other" });
        Assert.Equal([3, 2, 1, 5], (await Deliveries.DueAsync(0, "w", At, 10, default)).Select(row => row.Index));
        Assert.Equal([3, 2], (await Deliveries.DueAsync(0, "w", At, 2, default)).Select(row => row.Index));
        Assert.Equal(At.AddSeconds(-9), await Deliveries.NextDueAsync(0, "w", default));
        Assert.Null(await Deliveries.NextDueAsync(0, "nobody", default));
        Assert.Null(await Deliveries.NextDueAsync(1, "w", default));
    }

    [Fact]
    public async Task CapIDs_take_turns_however_much_one_of_them_has_waiting()
    {
        DeliveryRow Of(string capId, long index, int dueIn) => Row(index, rank: 3, dueIn) with { CapId = capId };
        await CommitAsync([.. Enumerable.Range(0, 50).Select(i => Of("A", i, -100)), Of("B", 60, -1), Of("B", 61, -5), Of("C", 70, 9),
            Of("D", 80, -1), Of("E", 90, -1) with { SeverityRank = 2 }]);
        async Task<string> TurnsAsync(string after, params long[] except) => string.Join(' ', (await Deliveries.NextCapsAsync(
            0, "w", 3, after, At, except, default)).Select(turn => $"{turn.CapId}{turn.Index}"));
        Assert.Equal("A0 B61 C D80", await TurnsAsync(""));
        Assert.Equal("B61 C D80", await TurnsAsync("A"));
        Assert.Equal("B60 C D", await TurnsAsync("A", 61, 80));
        Assert.Equal("", await TurnsAsync("D"));
        Assert.Equal((55, 10), (await Deliveries.CountWaitingAsync(0, "w", 1000, default), await Deliveries.CountWaitingAsync(0, "w", 10, default)));

        Assert.Equal((3, 2, 0), (
            await Deliveries.CountWaitingAsync(0, "w", 3, "A", 3, default), await Deliveries.CountWaitingAsync(0, "w", 3, "B", 3, default),
            await Deliveries.CountWaitingAsync(0, "w", 2, "A", 3, default)));

        await CommitAsync([.. Enumerable.Range(100, 100).Select(i => Of($"M{i}", i, 0))]);
        var many = await Deliveries.NextCapsAsync(0, "w", 3, "", At, [], default);
        Assert.Equal((IDeliveryReader.MaxCaps, "M159"), (many.Count, many[^1].CapId));
    }

    [Fact]
    public async Task A_delivery_row_is_replaced_and_reads_back_unchanged()
    {
        var row = Row(1, rank: 1, dueIn: 0);
        await CommitAsync(row);
        DeliveryAttempt[] attempts = [new(At, 15, DeliveryFault.Status, 503, "nicht jetzt \u00fc \"'"), new(At.AddSeconds(5), 3,
            DeliveryFault.None, 204, null)];
        await CommitAsync(row with { State = DeliveryState.Waiting, Tries = 1, DueAt = At.AddSeconds(5), Attempts = attempts[..1] });
        await CommitAsync(row with { State = DeliveryState.Delivered, Tries = 2, DueAt = null, Attempts = attempts,
            ChangedAt = At.AddSeconds(5) });
        var found = (await Deliveries.FindAsync(0, "w", 1, default))!;
        Assert.Equal((DeliveryState.Delivered, 2, null, At.AddSeconds(5)), (found.State, found.Tries, found.DueAt, found.ChangedAt));
        Assert.Equal(attempts, found.Attempts);
        Assert.Empty(await Deliveries.DueAsync(0, "w", At.AddYears(1), 10, default));
        Assert.Null(await Deliveries.FindAsync(0, "w", 2, default));
    }

    [Fact]
    public async Task Deliveries_are_listed_in_pages_with_the_latest_change_first()
    {
        await CommitAsync([.. Enumerable.Range(0, 7).Select(i => Row(i, 1, 0) with
        {
            ChangedAt = At.AddSeconds(i / 3), State = i % 2 == 0 ? DeliveryState.Waiting : DeliveryState.Exhausted,
        })]);
        var seen = new List<long>();
        for (DeliveryCursor? before = null; ;)
        {
            var page = await Deliveries.ListAsync(new DeliveryQuery("w", null, before, 2), default);
            seen.AddRange(page.Take(2).Select(row => row.Index));
            if (page.Count <= 2)
            {
                break;
            }

            before = new DeliveryCursor(page[1].ChangedAt.ToUnixTimeMilliseconds(), page[1].Log, page[1].Index);
        }

        Assert.Equal([6, 5, 4, 3, 2, 1, 0], seen);
        var exhausted = await Deliveries.ListAsync(new DeliveryQuery("w", DeliveryState.Exhausted, null, 10), default);
        Assert.Equal([5, 3, 1], exhausted.Select(row => row.Index));
    }

    [Fact]
    public async Task Rows_of_removed_webhooks_and_rows_settled_a_month_ago_are_deleted()
    {
        await CommitAsync(Row(1, 1, 0), Row(2, 1, 0) with { Webhook = "other" });
        await CommitAsync(Row(3, 1, 0) with { Webhook = "other", State = DeliveryState.Delivered, DueAt = null });
        await Writer.CommitAsync(0, (await Reader.HeadAsync(0, default))!, [new Append { Entries = [], DroppedWebhook = "w" }], default);
        Assert.Empty(await Deliveries.ListAsync(new DeliveryQuery("w", null, null, 10), default));
        await CommitAsync(Row(4, 1, 0) with { Webhook = "other", State = DeliveryState.Delivered, DueAt = null, ChangedAt = At.AddDays(
            31) });
        Assert.Equal([4, 2], (await Deliveries.ListAsync(new DeliveryQuery("other", null, null, 10), default)).Select(row => row.Index));
    }

    private static DeliveryRow Row(long index, int rank, int dueIn) =>
        new("w", 0, index, "Z", $"I-{index}", rank, DeliveryState.Waiting, At.AddSeconds(dueIn), At, [], 0);

    private async Task CommitAsync(params DeliveryRow[] rows)
    {
        var head = await Reader.HeadAsync(0, default) ?? await Writer.OpenAsync(0, default);
        var (_, outcomes) = await Writer.CommitAsync(0, head, [new Append { Entries = [], Deliveries = rows }], default);
        Assert.Equal(AppendVerdict.Appended, outcomes[0].Verdict);
    }
}
