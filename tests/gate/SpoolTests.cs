using CapOrleans.Bench.Chaos;
using CapOrleans.Gate.Spool;
using CsCheck;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace CapOrleans.Tests.Gate;

public sealed class SpoolTests : IDisposable
{
    private static readonly SpoolLimits Limits = new(10_000, TimeSpan.FromDays(7));

    private readonly TempDirectory directory = new();
    private IncidentSpool spool;

    public SpoolTests() => spool = Open();

    public void Dispose()
    {
        spool.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task What_was_kept_is_there_after_a_restart_in_the_order_of_arrival()
    {
        foreach (var id in (string[])["B", "A", "C"])
        {
            Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("X", id));
        }

        spool.Dispose();
        spool = Open();
        Assert.Equal(["B", "A", "C"], Next("X").Select(waiting => waiting.IncidentId));
        Assert.Equal(["B", "A"], spool.Next(Partitions.Of("X"), [], 2, 1000).Select(waiting => waiting.IncidentId));
        Assert.Single(spool.Next(Partitions.Of("X"), [], 500, 1));
        Assert.Empty(spool.Next(Partitions.Of("X"), ["X"], 500, 1000));
    }

    [Fact]
    public async Task An_identical_report_is_kept_once_and_any_other_with_its_id_is_kept_too()
    {
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("X", "A"));
        Assert.Equal(ArrivalVerdict.Duplicate, await KeepAsync("X", "A"));
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("X", "A", bytes: 11)); // the cluster decides which of them counts
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("Y", "A"));
    }

    [Fact]
    public async Task A_letter_is_tried_again_beside_another_of_its_id()
    {
        await KeepAsync("X", "A");
        await spool.SettleAsync([new(Next("X")[0].Number, 403, "{}"u8.ToArray())]);
        await KeepAsync("X", "A", bytes: 11);
        Assert.Equal(RetryVerdict.Queued, await spool.RetryAsync(spool.Dead(long.MaxValue, 1)[0].Number));
        Assert.Equal([10, 11], Next("X").Select(waiting => waiting.Line.Length)); // in its old position
    }

    [Fact]
    public async Task Concurrent_arrivals_take_no_more_than_the_free_space()
    {
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => KeepAsync("X", $"I-{i}", bytes: 1_000)));
        Assert.Equal(5, verdicts.Count(verdict => verdict == ArrivalVerdict.Kept));
        Assert.Equal(5_000, spool.Count().Bytes);
    }

    [Fact]
    public async Task However_much_one_CapID_sends_there_is_room_for_the_others()
    {
        Task FillAsync(string capId) => Task.WhenAll(Enumerable.Range(0, 500).Select(i => KeepAsync(capId, $"I-{i}", bytes: 50)));

        await FillAsync("X");
        Assert.Equal(5_600, spool.Count().Bytes); // three quarters of what is not set aside for strangers, when no one else uses it
        await FillAsync("Y");
        Assert.Equal(7_000, spool.Count().Bytes); // three quarters of the rest
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("Z", "A", bytes: 350));
        Assert.Equal(ArrivalVerdict.Full, await KeepAsync("X", "A"));

        spool.Dispose();
        spool = Open(); // the usage of each CapID survives a restart
        Assert.Equal(ArrivalVerdict.Full, await KeepAsync("X", "A"));
        await spool.SettleAsync([.. Next("X").Where(waiting => waiting.CapId == "X").Select(waiting => new Settlement(waiting.Number, 201, null))]);
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("X", "A"));
    }

    [Fact]
    public async Task Accepted_incidents_leave_and_refused_ones_are_dead_letters_until_retried()
    {
        await KeepAsync("X", "A");
        await KeepAsync("X", "B");
        var (a, b) = (Next("X")[0], Next("X")[1]);
        await spool.SettleAsync([new(a.Number, 201, null), new(b.Number, 403, "{\"status\":403}"u8.ToArray())]);
        Assert.Empty(Next("X"));
        var letter = Assert.Single(spool.Dead(long.MaxValue, 10));
        Assert.Equal(("B", 403, "{\"status\":403}"), (letter.IncidentId, letter.Status, letter.Problem.GetRawText()));
        Assert.Equal((0, 0, 1), (spool.Count().Waiting, spool.Count().Bytes, spool.Count().Dead));

        Assert.Equal(RetryVerdict.Queued, await spool.RetryAsync(letter.Number));
        Assert.Equal(RetryVerdict.NoSuchLetter, await spool.RetryAsync(letter.Number));
        Assert.Equal("B", Assert.Single(Next("X")).IncidentId);
        Assert.Equal((1, 0), (spool.Count().Waiting, spool.Count().Dead));
        await spool.SettleAsync([new(a.Number, 201, null)]); // settling again does no harm
        Assert.Equal(1, spool.Count().Waiting);
    }

    [Fact]
    public async Task A_full_spool_says_so_and_takes_again_when_there_is_room()
    {
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("X", "A", bytes: 5_000));
        Assert.Equal(ArrivalVerdict.Full, await KeepAsync("X", "B", bytes: 2_000));
        Assert.Equal(1, spool.Count().Refused);
        await spool.SettleAsync([new(Next("X")[0].Number, 200, null)]);
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("X", "B", bytes: 2_000));
    }

    [Fact]
    public void A_second_gate_on_the_same_file_is_refused() => Assert.Throws<IOException>(() => new SpoolFile(directory.File("spool.db"), TimeProvider.System));

    /// <summary>
    /// Whatever is kept, settled and retried: nothing is lost, nothing is duplicated, and the bytes add up.
    /// </summary>
    [Fact]
    public Task The_spool_does_what_a_list_in_memory_would_do() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 5], Gen.Int[0, 5]).Array[1, 30].SampleAsync(async steps =>
        {
            using var folder = new TempDirectory();
            using var tried = new IncidentSpool(new SpoolFile(folder.File("s.db"), TimeProvider.System), Limits with { MaxBytes = 1_000_000 }, TimeProvider.System, NullLogger<IncidentSpool>.Instance);
            var (waits, dead, made) = (new SortedDictionary<int, string>(), new SortedDictionary<int, string>(), 0);
            foreach (var (what, id, status) in steps)
            {
                var name = $"I-{id}";
                var place = waits.Where(pair => pair.Value == name).Select(pair => (int?)pair.Key).FirstOrDefault();
                switch (what)
                {
                    case 0:
                        await tried.KeepAsync(new Arrival("X", "X", name, Line(10 + id), IsVouched: true));
                        waits[place ?? ++made] = name;
                        break;
                    case 1 when tried.Next(Partitions.Of("X"), [], 500, 1_000_000).FirstOrDefault(waiting => waiting.IncidentId == name) is { } found:
                        await tried.SettleAsync([new Settlement(found.Number, status < 3 ? 201 : 400, status < 3 ? null : [(byte)'1'])]);
                        waits.Remove(place!.Value);
                        if (status >= 3)
                        {
                            dead[place.Value] = name;
                        }

                        break;
                    case 2 when tried.Dead(long.MaxValue, 100).FirstOrDefault(letter => letter.IncidentId == name) is { } letter:
                        await tried.RetryAsync(letter.Number);
                        var old = dead.Last(pair => pair.Value == name).Key;
                        dead.Remove(old);
                        if (place is null)
                        {
                            waits[old] = name;
                        }

                        break;
                }
            }

            var counts = tried.Count();
            return waits.Values.SequenceEqual(tried.Next(Partitions.Of("X"), [], 500, 1_000_000).Select(waiting => waiting.IncidentId))
                && dead.Values.Reverse().SequenceEqual(tried.Dead(long.MaxValue, 100).Select(letter => letter.IncidentId))
                && (counts.Waiting, counts.Bytes, counts.Dead) == (waits.Count, waits.Values.Sum(name => 10 + (name[2] - '0')), dead.Count);
        }, iter: 30, threads: 1);

    [RootFact]
    public async Task From_a_full_disk_what_was_sent_still_leaves_and_there_is_room_again()
    {
        await using var disk = await SmallDisk.MountAsync(directory.File("small"), 8);
        using (var full = Open(disk))
        {
            var kept = 0;
            while (await TryAsync(full, kept) == ArrivalVerdict.Kept)
            {
                kept++;
            }

            Assert.InRange(kept, 20, 200);
        }

        using var spoolAgain = Open(disk); // it starts on a full disk too
        for (IReadOnlyList<Waiting> next; (next = spoolAgain.Next(Partitions.Of("X"), [], 20, 1_000_000)).Count > 0;)
        {
            await spoolAgain.SettleAsync([.. next.Select(waiting => new Settlement(waiting.Number, 201, null))]);
        }

        Assert.Equal((0, 0), (spoolAgain.Count().Waiting, spoolAgain.Count().Bytes));
        await Eventually.TrueAsync(async () => await TryAsync(spoolAgain, 0) == ArrivalVerdict.Kept);

        IncidentSpool Open(SmallDisk on) => new(new SpoolFile(System.IO.Path.Combine(on.Path, "spool.db"), TimeProvider.System), Limits with { MaxBytes = 100_000_000 }, TimeProvider.System, NullLogger<IncidentSpool>.Instance);

        static async Task<ArrivalVerdict> TryAsync(IncidentSpool spool, int number)
        {
            return await spool.KeepAsync(new Arrival("X", "X", $"I-{number}", Line(60_000), IsVouched: true));
        }
    }

    [Fact]
    public async Task A_disk_that_cannot_be_written_is_reported_and_the_spool_continues()
    {
        using (var connection = new SqliteConnection($"Data Source={directory.File("spool.db")}"))
        {
            connection.Open();
            using var trigger = connection.CreateCommand();
            trigger.CommandText = "CREATE TRIGGER full BEFORE INSERT ON incident WHEN NEW.incident_id = 'BAD' BEGIN SELECT RAISE(ABORT, 'disk full'); END";
            trigger.ExecuteNonQuery();
        }

        Assert.Equal(ArrivalVerdict.Full, await KeepAsync("X", "BAD"));
        Assert.Equal((1, "SQLite Error 19: 'disk full'."), (spool.Count().Refused, spool.LastError));
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("X", "GOOD"));
        Assert.Null(spool.LastError);
        Assert.Equal("GOOD", Assert.Single(Next("X")).IncidentId);
    }

    [Fact]
    public async Task Of_what_is_vouched_for_critical_ones_go_first_and_leave_a_quarter_to_the_others()
    {
        foreach (var (number, isCritical, isVouched) in ((int, bool, bool)[])[(1, false, true), (2, true, false), (3, true, true), (4,
            true, true), (5, true, true), (6, true, true), (7, false, true)])
        {
            await spool.KeepAsync(new Arrival("X", "X", $"{number}", Line(10), isVouched) { IsCritical = isCritical });
        }

        Assert.Equal(["3", "4", "5", "1"], spool.Next(Partitions.Of("X"), [], 4, 1_000_000).Select(waiting => waiting.IncidentId));
        Assert.Equal(["3", "4", "5", "6", "1", "7", "2"], Next("X").Select(waiting => waiting.IncidentId));
        Assert.Equal(["3"], spool.Next(Partitions.Of("X"), [], 1, 1_000_000).Select(waiting => waiting.IncidentId));
    }

    private IncidentSpool Open() => new(new SpoolFile(directory.File("spool.db"), TimeProvider.System), Limits, TimeProvider.System, NullLogger<IncidentSpool>.Instance);

    private Task<ArrivalVerdict> KeepAsync(string capId, string id, int bytes = 10) =>
        spool.KeepAsync(new Arrival(capId, capId, id, Line(bytes), IsVouched: true));

    /// <summary>Returns a JSON string of this length.</summary>
    private static byte[] Line(int bytes) => [(byte)'"', .. Enumerable.Repeat((byte)'x', bytes - 2), (byte)'"'];

    private IReadOnlyList<Waiting> Next(string capId) => spool.Next(Partitions.Of(capId), [], 500, 1_000_000);
}
