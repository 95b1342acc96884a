using System.Security.Cryptography;
using System.Text;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.MerkleTree;

namespace CapOrleans.Tests.AuditLog;

/// <summary>What both databases guarantee; each test runs against both.</summary>
public abstract partial class AuditLogTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private IAuditLogWriter? ours;
    private IAuditLogReader? pages;

    /// <summary>Creates another node's writer of the same log.</summary>
    protected abstract IAuditLogWriter NewWriter();

    protected abstract IAuditLogReader NewReader();

    /// <returns>Number of offset rows.</returns>
    protected abstract Task<long> OffsetsAsync();

    private IAuditLogWriter Writer => ours ??= NewWriter();

    private IAuditLogReader Reader => pages ??= NewReader();

    [Fact]
    public async Task An_incident_is_accepted_once_however_often_it_is_offered()
    {
        var head = await RegisterAsync();
        var (after, outcomes) = await Writer.CommitAsync(0, head, [Incident("A", 1), Incident("A", 1), Incident("A", 2)], default);
        Assert.Equal([AppendVerdict.Appended, AppendVerdict.AlreadyAccepted, AppendVerdict.Conflicts],
            outcomes.Select(outcome => outcome.Verdict));
        Assert.Equal(head.Size + 1, after.Size);
        Assert.Equal(outcomes[0].Index, outcomes[1].Index);
        Assert.Equal(Draft("A1").Bytes, outcomes[1].Existing);

        var (unchanged, again) = await Writer.CommitAsync(0, after, [Incident("A", 1)], default);
        Assert.Equal(AppendVerdict.AlreadyAccepted, again[0].Verdict);
        Assert.Equal(after.Root, unchanged.Root);
    }

    [Fact]
    public async Task The_head_is_the_RFC_9162_root_over_what_is_read_back()
    {
        var head = await RegisterAsync();
        (head, _) = await Writer.CommitAsync(0, head, [.. Enumerable.Range(0, 37).Select(i => Incident($"I{i}", 1))], default);
        var frontier = new MerkleFrontier();
        foreach (var entry in (await Reader.ReadAsync(0, 0, 1000, default)).Entries)
        {
            Assert.Equal(frontier.Size, entry.Index);
            frontier.Append(MerkleHash.Leaf(entry.Bytes));
        }

        Assert.Equal((head.Size, Convert.ToHexString(head.Root)), (frontier.Size, Convert.ToHexString(frontier.Root())));
        Assert.Equal(head.Root, (await Reader.HeadAsync(0, default))!.Root);
    }

    [Fact]
    public async Task Leaf_hashes_are_read_without_their_entries_in_pages()
    {
        var head = await RegisterAsync();
        (head, _) = await Writer.CommitAsync(0, head, [.. Enumerable.Range(0, 9).Select(i => Incident($"I{i}", 1))], default);
        var expected = (await Reader.ReadAsync(0, 0, 1000, default)).Entries
            .Select(entry => Convert.ToHexString(MerkleHash.Leaf(entry.Bytes))).ToList();
        var (first, rest) = (await Reader.ReadLeafHashesAsync(0, 0, 4, default), await Reader.ReadLeafHashesAsync(0, 4, 10_000, default));
        Assert.Equal(expected, first.Concat(rest).Select(Convert.ToHexString));
        Assert.Equal(4, first.Count);
        Assert.Empty(await Reader.ReadLeafHashesAsync(0, head.Size, 1, default));
    }

    [Fact]
    public async Task A_superseded_writer_commits_nothing()
    {
        var head = await RegisterAsync();
        var other = NewWriter();
        await other.CommitAsync(0, head, [Incident("A", 1)], default);
        await Assert.ThrowsAsync<LogFencedException>(() => Writer.CommitAsync(0, head, [Incident("B", 1)], default));
        Assert.Null(await Reader.FindIncidentAsync("Z", "B", default));
        var reopened = await Writer.OpenAsync(0, default);
        var (_, outcomes) = await Writer.CommitAsync(0, reopened, [Incident("B", 1)], default);
        Assert.Equal(AppendVerdict.Appended, outcomes[0].Verdict);
    }

    [Fact]
    public async Task An_entry_judged_by_an_older_context_is_refused()
    {
        var head = await RegisterAsync();
        var change = new Append { Entries = [Draft("change")], Expected = new ExpectedVersion("Z", 1, 0), Context = Context(2) };
        var (_, outcomes) = await Writer.CommitAsync(0, head, [change, Incident("A", 1), Incident("B", 1, version: 2)], default);
        Assert.Equal([AppendVerdict.Appended, AppendVerdict.StaleContext, AppendVerdict.Appended], outcomes.Select(outcome => outcome.Verdict));
        Assert.Equal(2, (await Reader.FindCapAsync("Z", default))!.Value.Context.Version);
    }

    [Fact]
    public async Task Totals_are_the_sum_of_what_was_accepted()
    {
        var head = await RegisterAsync();
        await Writer.CommitAsync(0, head, [Incident("A", 1, -0.0816m), Incident("A", 1, -0.0816m), Incident("B", 1, 1200m)], default);
        var cap = (await Reader.FindCapAsync("Z", default))!.Value;
        Assert.Equal((1199.9184m, 2L), (cap.Score, cap.Incidents));
    }

    [Fact]
    public async Task A_correction_moves_the_score_and_the_story_has_every_step()
    {
        var head = await RegisterAsync();
        Append Correct(string id, decimal by, long version) => new()
        {
            Entries = [Draft($"{id}{by}")], Expected = new ExpectedVersion("Z", version - 1, 0), Context = Context(version), Correction = new CorrectionRow("Z", id, by),
        };
        (head, _) = await Writer.CommitAsync(0, head, [Incident("A", 1, -0.5m), Incident("B", 1, 2m), Correct("A", 0.25m, 2)], default);
        (head, var outcomes) = await Writer.CommitAsync(0, head, [Correct("B", 1m, 2), Correct("A", 0.125m, 3), Incident("C", 1, 1m, version: 3)], default);
        Assert.Equal([AppendVerdict.StaleContext, AppendVerdict.Appended, AppendVerdict.Appended], outcomes.Select(outcome => outcome.Verdict));
        var cap = (await Reader.FindCapAsync("Z", default))!.Value;
        Assert.Equal((2.875m, 3L), (cap.Score, cap.Incidents));
        var corrections = await Reader.CorrectionsAsync([("Z", "B"), ("Z", "A"), ("Z", "NONE")], default);
        Assert.Equal([3, 4], corrections.Select(entry => entry.Index));
        Assert.Empty(await Reader.CorrectionsAsync([("Z", "B")], default));
        Assert.Empty(await Reader.CorrectionsAsync([], default));
        Assert.Equal((0.375m, 0m), (await Reader.AdjustmentAsync("Z", "A", default), await Reader.AdjustmentAsync("Z", "B", default)));
        Assert.Equal([1, 2, 3], (await Reader.ReadScoreAsync(0, "Z", -1, 3, default)).Entries.Select(entry => entry.Index));
        Assert.Equal([4, 5], (await Reader.ReadScoreAsync(0, "Z", 3, 3, default)).Entries.Select(entry => entry.Index));
        Assert.Empty((await Reader.ReadScoreAsync(0, "Y", -1, 3, default)).Entries);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_total_that_would_leave_its_range_stays_at_the_limit(int sign)
    {
        const decimal Most = 922_337_203_685_477.5807m;
        var head = await RegisterAsync();
        (head, _) = await Writer.CommitAsync(0, head, [Incident("A", 1, sign * (Most - 1))], default);
        (_, _) = await Writer.CommitAsync(0, head, [Incident("B", 1, sign * 2m)], default);
        var cap = (await Reader.FindCapAsync("Z", default))!.Value;
        Assert.Equal((sign > 0 ? Most : -Most - 0.0001m, 2L), (cap.Score, cap.Incidents));
    }

    [Fact]
    public async Task An_offset_moves_only_from_its_current_value()
    {
        var head = await RegisterAsync();
        Append Move(long from, long to) => new() { Entries = [], Offset = new OffsetCommit("archive", from, to) };
        var (_, outcomes) = await Writer.CommitAsync(0, head, [Move(0, 1), Move(0, 2), Move(1, 2)], default);
        Assert.Equal([AppendVerdict.Appended, AppendVerdict.StaleOffset, AppendVerdict.Appended], outcomes.Select(outcome => outcome.Verdict));
        Assert.Equal(2, await Reader.PositionAsync(0, "archive", default));
    }

    [Fact]
    public async Task An_offset_that_is_reset_to_the_beginning_is_removed()
    {
        var head = await RegisterAsync();
        Append Move(long from, long to) => new() { Entries = [], Offset = new OffsetCommit("notify/1", from, to) };
        (head, _) = await Writer.CommitAsync(0, head, [Move(0, 1)], default);
        (head, _) = await Writer.CommitAsync(0, head, [Move(1, 0)], default);
        Assert.Equal(0, await Reader.PositionAsync(0, "notify/1", default));
        Assert.Equal(0, await OffsetsAsync());
        var (_, outcomes) = await Writer.CommitAsync(0, head, [Move(1, 2), Move(0, 2)], default);
        Assert.Equal([AppendVerdict.StaleOffset, AppendVerdict.Appended], outcomes.Select(outcome => outcome.Verdict));
        Assert.Equal(1, await OffsetsAsync());
    }

    [Fact]
    public async Task A_superseded_writer_moves_no_offset_either()
    {
        var head = await RegisterAsync();
        Append Move(long from, long to) => new() { Entries = [], Offset = new OffsetCommit("archive", from, to) };
        var other = NewWriter();
        await other.CommitAsync(0, head, [Move(0, 0)], default); // it has read the offset
        await Writer.OpenAsync(0, default);
        await Writer.CommitAsync(0, head, [Move(0, 1)], default);
        try
        {
            var (_, outcomes) = await other.CommitAsync(0, head, [Move(0, 2)], default);
            Assert.Equal(AppendVerdict.StaleOffset, outcomes[0].Verdict);
        }
        catch (Exception fault) when (fault is LogFencedException or System.Data.Common.DbException)
        {
            // Another exception is just as good.
        }

        Assert.Equal(1, await Reader.PositionAsync(0, "archive", default));
    }

    [Fact]
    public async Task A_batch_covers_its_range_until_it_is_lost()
    {
        var head = await RegisterAsync();
        Append Batch(long from, long to) => new()
        {
            Entries = [Draft($"batch{from}")],
            Offset = new OffsetCommit("anchor", from, to),
            Cover = new CoveredRange("anchor.batched", from, to),
        };
        (head, _) = await Writer.CommitAsync(0, head, [Batch(0, 5), Batch(5, 9)], default);
        Assert.Equal(Draft("batch5").Bytes, (await Reader.CoveringAsync(0, "anchor.batched", 8, default))!.Bytes);
        Assert.Null(await Reader.CoveringAsync(0, "anchor.batched", 9, default));

        var lost = new Append { Entries = [Draft("lost")], Offset = new OffsetCommit("anchor", 9,
            5), Cover = new CoveredRange("anchor.batched", 5, 5) };
        await Writer.CommitAsync(0, head, [lost], default);
        Assert.Null(await Reader.CoveringAsync(0, "anchor.batched", 8, default));
        Assert.NotNull(await Reader.CoveringAsync(0, "anchor.batched", 4, default));
    }

    [Fact]
    public async Task Pages_filter_and_go_on_after_the_cursor()
    {
        var head = await RegisterAsync();
        await Writer.CommitAsync(0, head, [.. Enumerable.Range(0, 10).Select(i => Incident($"I{i}", 1, rank: i % 2))], default);
        var severe = await Reader.FindIncidentsAsync(new IncidentQuery("Z", ["high"], null, null, -1, 3), default);
        Assert.Equal((3, true), (severe.Entries.Count, severe.HasMore));
        var rest = await Reader.FindIncidentsAsync(new IncidentQuery("Z", ["high"], null, null, severe.Entries[2].Index, 3), default);
        Assert.Equal((2, false), (rest.Entries.Count, rest.HasMore));
        Assert.Equal(5, (await Reader.FindIncidentsAsync(new IncidentQuery(null, ["normal"], At, At.AddSeconds(1), -1, 100),
            default)).Entries.Count);
        Assert.Empty((await Reader.FindIncidentsAsync(new IncidentQuery("Y", null, null, null, -1, 100), default)).Entries);
        Assert.Empty((await Reader.FindIncidentsAsync(new IncidentQuery(null, null, null, At, -1, 100), default)).Entries);
    }

    [Fact]
    public async Task A_page_of_a_time_range_is_in_order_of_acceptance_and_continues_after_its_end()
    {
        var head = await RegisterAsync();
        int[] seconds = [5, 1, 4, 1, 3, 9]; // out of order, as after the clock was set
        await Writer.CommitAsync(0, head, [.. seconds.Select((second, i) => Incident($"I{i}", 1, at: At.AddSeconds(second)))], default);
        var query = new IncidentQuery(null, null, At, At.AddSeconds(9), -1, 2);
        var (names, more) = (new List<string>(), true);
        while (more)
        {
            (var entries, more) = await Reader.FindIncidentsAsync(query, default);
            names.AddRange(entries.Select(entry => Encoding.UTF8.GetString(entry.Bytes)[..2]));
            var last = At.AddSeconds(seconds[names[^1][1] - '0']);
            query = query with { After = PackedPosition.Of(0, entries[^1].Index), AfterMilliseconds = last.ToUnixTimeMilliseconds() };
        }

        Assert.Equal(["I1", "I3", "I4", "I2", "I0"], names);
    }

    [Fact]
    public async Task Incidents_of_chosen_severities_are_listed_newest_first_and_continue_after_the_end()
    {
        var head = await RegisterAsync();
        int[] ranks = [0, 3, 1, 3, 2, 0, 1, 3];
        await Writer.CommitAsync(0, head, [.. ranks.Select((rank, i) => Incident($"I{i}", 1, rank: rank, at: At.AddSeconds(i)))], default);
        foreach (var (capId, from) in new[] { ("Z", (DateTimeOffset?)null), (null, null), ("Z", At), (null, At) })
        {
            Assert.Equal(["I7", "I6", "I5", "I4", "I3", "I2", "I1", "I0"], await NamesAsync(capId, null, from));
            Assert.Equal(["I7", "I4", "I3", "I1"], await NamesAsync(capId, ["critical", "escalated"], from));
            Assert.Equal(["I7", "I6", "I5", "I3", "I2", "I1", "I0"], await NamesAsync(capId, ["critical", "high", "normal"], from));
            Assert.Equal(8, (await NamesAsync(capId, Severity.Ladder, from)).Count);
        }

        async Task<List<string>> NamesAsync(string? capId, IReadOnlyList<string>? severities, DateTimeOffset? from)
        {
            var query = new IncidentQuery(capId, severities, from, null, -1, 3, IsNewestFirst: true);
            var (names, more) = (new List<string>(), true);
            while (more)
            {
                (var entries, more) = await Reader.FindIncidentsAsync(query, default);
                names.AddRange(entries.Select(entry => Encoding.UTF8.GetString(entry.Bytes)[..2]));
                query = query with
                {
                    After = PackedPosition.Of(0, entries[^1].Index), AfterMilliseconds = At.AddSeconds(
                        names[^1][1] - '0').ToUnixTimeMilliseconds(),
                };
            }

            return names;
        }
    }

    [Fact]
    public async Task CapIDs_are_listed_in_order_and_go_on_behind_the_last()
    {
        var head = await RegisterAsync();
        Append Register(string capId) => new()
        {
            Entries = [Draft(capId)], Expected = new ExpectedVersion(capId, 0, 0), Context = Context(1) with { CapId = capId },
        };
        await Writer.CommitAsync(0, head, [Register("a"), Register("B"), Incident("A", 1, 2m)], default);
        var (caps, more) = await Reader.ListCapsAsync("", 2, default);
        Assert.Equal(["B", "Z"], caps.Select(cap => cap.Context.CapId));
        Assert.True(more);
        Assert.Equal((2m, 1L), (caps[1].Score, caps[1].Incidents));
        (caps, more) = await Reader.ListCapsAsync("Z", 2, default);
        Assert.Equal("a", Assert.Single(caps).Context.CapId);
        Assert.False(more);
    }

    [Fact]
    public async Task A_page_ends_at_its_byte_limit_or_its_row_limit_and_the_next_one_continues()
    {
        var head = await RegisterAsync();
        await Writer.CommitAsync(0, head, [.. Enumerable.Range(0, 40).Select(i => Incident($"I{i}", 1, padding: 200_000))], default);
        var (entries, hasMore) = await Reader.ReadAsync(0, 0, 500, default);
        Assert.True(hasMore);
        Assert.InRange(entries.Sum(entry => (long)entry.Bytes.Length), IAuditLogReader.PageBytes, IAuditLogReader.PageBytes + 250_000);
        var rest = await Reader.ReadAsync(0, entries[^1].Index + 1, 500, default);
        Assert.Equal((41, false), (entries.Count + rest.Entries.Count, rest.HasMore));
        Assert.True((await Reader.FindIncidentsAsync(new IncidentQuery("Z", null, null, null, -1, 500), default)).HasMore);
        Assert.True((await Reader.ReadScoreAsync(0, "Z", -1, 500, default)).HasMore);
    }

    [Fact]
    public async Task A_reader_that_disconnects_ends_its_query()
    {
        var head = await RegisterAsync();
        await Writer.CommitAsync(0, head, [.. Enumerable.Range(0, 500).Select(i => Incident($"I{i}", 1))], default);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Reader.ReadAsync(0, 0, 500, gone.Token));
        Assert.Equal(500, (await Reader.ReadAsync(0, 1, 1000, default)).Entries.Count);
    }

    [Fact]
    public async Task Everything_is_there_for_whoever_opens_the_log_next()
    {
        var head = await RegisterAsync();
        (head, _) = await Writer.CommitAsync(0, head, [Incident("A", 1)], default);
        var again = NewWriter();
        var reopened = await again.OpenAsync(0, default);
        Assert.Equal((head.Origin, head.Size, Convert.ToHexString(head.Root)), (reopened.Origin, reopened.Size, Convert.ToHexString(reopened.Root)));
    }

    private async Task<LogHead> RegisterAsync()
    {
        var head = await Writer.OpenAsync(0, default);
        var register = new Append { Entries = [Draft("register")], Expected = new ExpectedVersion("Z", 0, 0), Context = Context(1) };
        (head, _) = await Writer.CommitAsync(0, head, [register], default);
        return head;
    }

    private static CapContext Context(long version) => new("Z", version, "Z", 50m, 1.2m, 0.9m, []);

    private protected static EntryDraft Draft(string text) => new("test.entry", Encoding.UTF8.GetBytes(text));

    private protected static Append Incident(
        string id, int content = 1, decimal deltaCap = 0m, long version = 1, int rank = 0, DateTimeOffset? at = null, int padding = 0) => new()
    {
        Entries = [Draft($"{id}{content}{new string('x', padding)}")],
        Incident = new IncidentRow("Z", id, SHA256.HashData([(byte)content]), rank, deltaCap, at ?? At),
        Expected = new ExpectedVersion("Z", version, 0),
    };
}
