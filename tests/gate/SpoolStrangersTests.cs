using System.Text;
using CapOrleans.Gate.Spool;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace CapOrleans.Tests.Gate;

/// <summary>Incidents that no key list vouches for never displace those that a registered key signed.</summary>
public sealed class SpoolStrangersTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private IncidentSpool spool;

    public SpoolStrangersTests() => spool = Open();

    public void Dispose()
    {
        spool.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Unvouched_incidents_have_a_quarter_of_the_space_and_get_it_back()
    {
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => KeepAsync("X", $"S-{i}", isVouched: false, bytes: 500)));
        Assert.Equal(5, verdicts.Count(verdict => verdict == ArrivalVerdict.Kept));
        Assert.Equal((2_500, 2_500), (spool.Count().Bytes, spool.Count().UnvouchedBytes));
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("X", "H-1", isVouched: true, bytes: 5_500));
        Assert.Equal(ArrivalVerdict.Full, await KeepAsync("X", "H-2", isVouched: true, bytes: 500));

        await spool.SettleAsync([.. Next("X").Where(waiting => waiting.IncidentId != "H-1")
            .Select(waiting => new Settlement(waiting.Number, 404, "{}"u8.ToArray()))]);
        Assert.Equal((5_500, 0), (spool.Count().Bytes, spool.Count().UnvouchedBytes));
        Assert.Equal(RetryVerdict.Queued, await spool.RetryAsync(spool.Dead(long.MaxValue, 1)[0].Number));
        Assert.Equal((6_000, 500), (spool.Count().Bytes, spool.Count().UnvouchedBytes));
        spool.Dispose();
        spool = Open();
        Assert.Equal((6_000, 500), (spool.Count().Bytes, spool.Count().UnvouchedBytes));
    }

    [Fact]
    public async Task The_largest_sender_and_strangers_together_leave_space_for_a_third()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => KeepAsync("X", $"S-{i}", isVouched: false, bytes: 100)));
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => KeepAsync("X", $"A-{i}", isVouched: true, bytes: 100)));
        Assert.Equal(ArrivalVerdict.Full, await KeepAsync("X", "A", isVouched: true, bytes: 100));
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("Y", "H-1", isVouched: true, bytes: 1_000));
    }

    [Fact]
    public async Task What_is_vouched_for_goes_first_whatever_strangers_wrote_in_its_CapID_s_name()
    {
        var other = SamePartition("X");
        await KeepAsync(other, "S-1", isVouched: false);
        await KeepAsync("X", "A-1", isVouched: false); // while the cluster was unreachable
        await KeepAsync(other, "S-2", isVouched: false);
        await KeepAsync("X", "A-2", isVouched: true);
        await KeepAsync("X", "A-3", isVouched: false);
        await KeepAsync(other, "S-3", isVouched: true);
        Assert.Equal(["A-2", "S-3", "S-1", "A-1", "S-2", "A-3"], Next("X").Select(waiting => waiting.IncidentId));
        Assert.Equal(["A-2"], spool.Next(Partitions.Of("X"), [], 1, 1_000).Select(waiting => waiting.IncidentId));
        Assert.Equal(["A-2", "S-3", "S-1"], spool.Next(Partitions.Of("X"), [], 3, 1_000).Select(waiting => waiting.IncidentId));
        Assert.Equal(["A-2"], spool.Next(Partitions.Of("X"), [], 500, 1).Select(waiting => waiting.IncidentId));
        Assert.Equal(["S-3", "S-1", "S-2"], spool.Next(Partitions.Of("X"), ["X"], 500, 1_000).Select(waiting => waiting.IncidentId));
    }

    [Fact]
    public async Task The_same_incident_is_vouched_for_later_and_counts_from_then_on()
    {
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("X", "A", isVouched: false));
        Assert.Equal(ArrivalVerdict.Duplicate, await KeepAsync("X", "A", isVouched: false));
        Assert.Equal(ArrivalVerdict.Vouched, await KeepAsync("X", "A", isVouched: true));
        Assert.Equal(ArrivalVerdict.Duplicate, await KeepAsync("X", "A", isVouched: true));
        Assert.Equal(ArrivalVerdict.Duplicate, await KeepAsync("X", "A", isVouched: false));
        Assert.Equal((1, 10, 0), (spool.Count().Waiting, spool.Count().Bytes, spool.Count().UnvouchedBytes));
    }

    [Fact]
    public async Task Dead_letters_of_strangers_push_out_no_others()
    {
        await BuryAsync(["H-1"], isVouched: true, 403);
        await BuryAsync(["H-2"], isVouched: false, 400, "timestamp-out-of-bounds"); // the cluster accepted its key
        foreach (var ids in Enumerable.Range(0, SpoolLimits.MaxUnvouchedDead + 5).Select(i => $"S-{i}").Chunk(200).Index())
        {
            await BuryAsync(ids.Item, isVouched: false, ids.Index % 2 == 0 ? 404 : 400, ids.Index % 2 == 0 ? "cap-unknown" : "signature-form"); // a wallet's claim for an unknown CapID
        }

        Assert.Equal((SpoolLimits.MaxUnvouchedDead + 2, 5), (spool.Count().Dead, spool.Count().DroppedDead));
        var oldest = spool.Dead(4, 10);
        Assert.Equal([("H-2", true), ("H-1", true)], oldest.Select(letter => (letter.IncidentId, letter.IsVouched)));
        Assert.Equal("S-5", spool.Dead(long.MaxValue, 2_000).Where(letter => !letter.IsVouched).Last().IncidentId);
    }

    [Fact]
    public async Task A_spool_of_an_older_version_opens_and_keeps_the_order_of_what_waits()
    {
        spool.Dispose();
        foreach (var file in Directory.GetFiles(directory.Path, "spool.db*"))
        {
            File.Delete(file);
        }

        using (var connection = new SqliteConnection($"Data Source={directory.File("spool.db")};Pooling=false"))
        {
            connection.Open();
            using var old = connection.CreateCommand();
            old.CommandText =
                """
                CREATE TABLE incident (
                  number INTEGER PRIMARY KEY AUTOINCREMENT, partition INTEGER NOT NULL, queue TEXT NOT NULL, cap_id TEXT NOT NULL,
                  incident_id TEXT NOT NULL, content BLOB NOT NULL, line BLOB NOT NULL, received_at INTEGER NOT NULL, refused_at INTEGER, status INTEGER, problem TEXT);
                CREATE UNIQUE INDEX waits_once ON incident (cap_id, incident_id, content) WHERE refused_at IS NULL;
                CREATE INDEX waits_in_partition ON incident (partition, number) WHERE refused_at IS NULL;
                CREATE INDEX lies_dead ON incident (number) WHERE refused_at IS NOT NULL;
                INSERT INTO incident (partition, queue, cap_id, incident_id, content, line, received_at)
                  VALUES ($partition, 'X', 'X', 'OLD', x'00', x'7b7d', 1);
                INSERT INTO incident (partition, queue, cap_id, incident_id, content, line, received_at, refused_at, status, problem)
                  VALUES ($partition, 'X', 'X', 'DEAD', x'01', x'7b7d', 1, 2, 404, '{}');
                PRAGMA user_version = 1;
                """;
            old.Parameters.AddWithValue("$partition", Partitions.Of("X"));
            old.ExecuteNonQuery();
        }

        for (var start = 0; start < 2; start++)
        {
            spool = Open();
            Assert.Equal("OLD", Assert.Single(Next("X")).IncidentId);
            Assert.True(Assert.Single(spool.Dead(long.MaxValue, 10)).IsVouched);
            Assert.Equal((2, 0), (spool.Count().Bytes, spool.Count().UnvouchedBytes));
            spool.Dispose();
        }

        spool = Open();
        Assert.Equal(ArrivalVerdict.Kept, await KeepAsync("X", "NEW", isVouched: false));
    }

    private static string SamePartition(string capId) =>
        Enumerable.Range(0, 100).Select(i => $"CAP-{i}").First(other => Partitions.Of(other) == Partitions.Of(capId));

    private async Task BuryAsync(string[] ids, bool isVouched, int status, string problem = "signer-not-authorised")
    {
        await Task.WhenAll(ids.Select(id => KeepAsync("X", id, isVouched)));
        await spool.SettleAsync([.. Next("X").Select(waiting => new Settlement(waiting.Number, status, Encoding.UTF8.GetBytes($"{{\"type\":\"urn:caporleans:problem:{problem}\"}}")))]);
    }

    private IncidentSpool Open() => new(
        new SpoolFile(directory.File("spool.db"), TimeProvider.System), new SpoolLimits(10_000, TimeSpan.FromDays(7)), TimeProvider.System,
        NullLogger<IncidentSpool>.Instance);

    private Task<ArrivalVerdict> KeepAsync(string capId, string id, bool isVouched, int bytes = 10) =>
        spool.KeepAsync(new Arrival(capId, capId, id, Line(bytes), isVouched));

    private static byte[] Line(int bytes) => [(byte)'"', .. Enumerable.Repeat((byte)'x', bytes - 2), (byte)'"'];

    private IReadOnlyList<Waiting> Next(string capId) => spool.Next(Partitions.Of(capId), [], 500, 1_000_000);
}
