using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Tests.Core.Anchors;

public sealed class AnchorConflictTests
{
    private static readonly byte[] Ours = [.. Enumerable.Repeat((byte)1, 32)], Others = [.. Enumerable.Repeat((byte)2, 32)];

    [Theory]
    [InlineData(5, 8, 9, 10, true, null)]
    [InlineData(5, 10, 10, 10, true, null)]
    [InlineData(5, 8, 9, 10, false, AnchorConflict.OtherRoot)]
    [InlineData(4, 8, 9, 10, true, AnchorConflict.OtherRange)] // it starts elsewhere
    [InlineData(5, 5, 9, 10, true, AnchorConflict.OtherRange)] // it anchors nothing
    [InlineData(5, 10, 9, 10, true, AnchorConflict.OtherRange)] // beyond the size of its root
    [InlineData(5, 8, 11, 10, true, AnchorConflict.OtherRange)] // beyond the end of our log
    public void An_event_counts_only_where_it_says_what_our_log_says(
        long from, long to, long size, long logSize, bool isOurs, string? reason) =>
        Assert.Equal(reason, AnchorConflict.Find(Contract(8), 5, Event(from, to, size, isOurs ? Ours : Others), logSize, Ours)?.Reason);

    [Fact]
    public void A_contract_that_moved_without_an_event_is_a_conflict() =>
        Assert.Equal(AnchorConflict.EventMissing, AnchorConflict.Find(Contract(8), 5, null, 10, null)?.Reason);

    [Fact]
    public void An_entry_records_its_own_conflict_however_long_the_log_has_grown_and_no_other()
    {
        var conflict = new AnchorConflict(AnchorConflict.OtherRoot, Contract(8), 10, Event(5, 8, 9, Others), Ours);
        var entry = Logged(conflict);
        Assert.True((conflict with { LogSize = 11, Contract = Contract(9) }).IsRecordedBy(entry));
        Assert.False((conflict with { Event = conflict.Event! with { Transaction = "0x12" } }).IsRecordedBy(entry));
        var ahead = new AnchorConflict(AnchorConflict.ContractAhead, Contract(8), 6);
        Assert.False(ahead.IsRecordedBy(entry));
        Assert.True((ahead with { LogSize = 7 }).IsRecordedBy(Logged(ahead)));
        Assert.False((ahead with { Contract = Contract(9) }).IsRecordedBy(Logged(ahead)));
    }

    [Fact]
    public void The_entry_has_both_roots_and_where_the_other_one_stands()
    {
        var entry = Logged(new AnchorConflict(AnchorConflict.OtherRoot, Contract(8), 10, Event(5, 8, 9, Others), Ours));
        Assert.Equal(
            "{\"block\":7,\"chainId\":31337,\"contract\":\"0xC\",\"contractPosition\":8,\"from\":5,\"logSize\":10,"
            + $"\"ourRoot\":\"{Convert.ToHexStringLower(Ours)}\",\"reason\":\"other-root\",\"root\":\"{Convert.ToHexStringLower(Others)}\","
            + "\"size\":9,\"to\":8,\"transaction\":\"0x11\"}",
            JsonElement.Parse(entry.Bytes).GetProperty("body").GetRawText());
    }

    private static ContractPosition Contract(long position) => new(31337, "0xC", position);

    private static AnchorConfirmation Event(long from, long to, long size, byte[] root) =>
        new(31337, "0xC", "0x11", 7, from, to, root, size, "0x77", 0);

    private static LogEntry Logged(AnchorConflict conflict)
    {
        var draft = conflict.ToEntry("log/0", new DateTimeOffset(2026, 11, 28, 0, 0, 0, TimeSpan.Zero));
        return new LogEntry(3, draft.Kind, draft.Bytes);
    }
}
