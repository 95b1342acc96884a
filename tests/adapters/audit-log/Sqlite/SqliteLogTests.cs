using CapOrleans.AuditLog;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Tests.AuditLog.Sqlite;

public sealed class SqliteLogTests : AuditLogTests, IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly List<SqliteLogWriter> writers = [];

    public void Dispose()
    {
        writers.ForEach(writer => writer.Dispose());
        directory.Dispose();
    }

    protected override IAuditLogWriter NewWriter()
    {
        writers.Add(new SqliteLogWriter(SqliteDatabase.Open(directory.File("log.db"), 1)));
        return writers[^1];
    }

    [Fact]
    public void A_file_keeps_the_number_of_logs_it_was_created_with()
    {
        _ = SqliteDatabase.Open(directory.File("divided.db"), 4);
        Assert.Contains("LOGS=4", Assert.Throws<StoreMismatchException>(() => SqliteDatabase.Open(directory.File("divided.db"), 8)).Message, StringComparison.Ordinal);
        _ = SqliteDatabase.Open(directory.File("divided.db"), 4);
    }

    /// <summary>A page costs only what it shows: every query follows an index, in its order.</summary>
    [Fact]
    public void No_query_scans_or_sorts_a_history()
    {
        Assert.Equal(
            [
                "SEARCH audit_entry USING PRIMARY KEY (log=? AND idx=?)", "SCALAR SUBQUERY 1",
                "SEARCH audit_entry USING COVERING INDEX audit_entry_rare (log=? AND kind=?)",
            ],
            Plan(LogQueries.Latest, 0, EntryKinds.AnchorBatched));
        const string Entry = "SEARCH e USING PRIMARY KEY (log=? AND idx=?)";
        var (from, page) = (DateTimeOffset.UnixEpoch, new IncidentQuery(null, null, null, null, -1, 10));
        (IncidentQuery Query, string[] Expected)[] shapes =
        [
            (page, ["INTEGER PRIMARY KEY (rowid>?)"]),
            (page with { CapId = "Z" }, ["INDEX incident_of_cap (cap_id=? AND rowid>?)"]),
            (page with { Severities = ["critical"] }, ["INDEX incident_severe (severity=? AND rowid>?)"]),
            (page with { From = from }, ["INDEX incident_accepted_at (accepted_at>?)"]),
            (page with { CapId = "Z", From = from }, ["INDEX incident_of_cap_time (cap_id=? AND accepted_at>?)"]),
            (page with { CapId = "Z", From = from, To = from },
                ["INDEX incident_of_cap_time (cap_id=? AND accepted_at>? AND accepted_at<?)"]),
            (page with { IsNewestFirst = true }, ["INDEX incident_accepted_at (accepted_at<?)"]),
            (page with { CapId = "Z", IsNewestFirst = true }, ["INDEX incident_of_cap_time (cap_id=? AND accepted_at<?)"]),
            (page with { Severities = ["critical", "high"], IsNewestFirst = true },
                ["INDEX incident_severe_time (severity=? AND accepted_at<?)", "INDEX incident_severe_time (severity=? AND accepted_at<?)"]),
            (page with { CapId = "Z", Severities = ["critical"], IsNewestFirst = true },
                ["INDEX incident_of_cap_severe_time (cap_id=? AND severity=? AND accepted_at<?)"]),
        ];
        Assert.All(shapes, shape =>
        {
            var (sql, values) = LogQueries.Incidents(shape.Query);
            var plan = Plan(sql, values);
            Assert.Equal(shape.Expected, plan.Where(line => line.StartsWith("SEARCH incident", StringComparison.Ordinal))
                .Select(line => line["SEARCH incident USING ".Length..].Replace("COVERING ", "", StringComparison.Ordinal)));
            Assert.Equal([Entry], plan.Where(line => line.StartsWith("SEARCH e", StringComparison.Ordinal)));
            Assert.DoesNotContain(plan, line => line.Contains("incident", StringComparison.Ordinal) && line.StartsWith("SCAN incident",
                StringComparison.Ordinal));
            Assert.Equal(shape.Expected.Length > 1, plan.Any(line => line.Contains("TEMP B-TREE", StringComparison.Ordinal)));
        });
    }

    [Fact]
    public async Task However_readers_overlap_the_write_ahead_log_stays_bounded()
    {
        var database = SqliteDatabase.Open(directory.File("read.db"), 1);
        using var writer = new SqliteLogWriter(database);
        var head = await writer.OpenAsync(0, default);
        using var connection = database.Connect();
        var first = await database.Reads.EnterAsync(default);
        var transaction = connection.BeginTransaction(deferred: true);
        using (var count = connection.CreateCommand())
        {
            count.CommandText = "SELECT count(*) FROM audit_entry";
            Assert.Equal(0L, count.ExecuteScalar()); // from now on it reads this snapshot
        }

        while (new FileInfo(directory.File("read.db-wal")).Length <= SqliteDatabase.MaxWal)
        {
            var entries = Enumerable.Range(0, 100).Select(_ => new EntryDraft(EntryKinds.AnchorBatched, new byte[200_000])).ToList();
            (head, _) = await writer.CommitAsync(0, head, [new Append { Entries = entries }], default);
        }

        var second = database.Reads.EnterAsync(default);
        Assert.False(second.IsCompleted);
        await transaction.DisposeAsync();
        first.Dispose();
        (await second).Dispose();
        Assert.InRange(new FileInfo(directory.File("read.db-wal")).Length, 0, 1 << 20);
    }

    private List<string> Plan(string sql, params object[] values)
    {
        using var connection = SqliteDatabase.Open(directory.File("log.db"), 1).Connect();
        using var explain = new SqliteStatement(connection, $"EXPLAIN QUERY PLAN {sql}", values.Length);
        using var rows = explain.Query(null, values);
        return [.. rows.Cast<System.Data.Common.DbDataRecord>().Select(row => row.GetString(3))];
    }

    protected override Task<long> OffsetsAsync()
    {
        using var connection = SqliteDatabase.Open(directory.File("log.db"), 1).Connect();
        using var count = connection.CreateCommand();
        count.CommandText = "SELECT count(*) FROM consumer_offset";
        return Task.FromResult((long)count.ExecuteScalar()!);
    }

    protected override IAuditLogReader NewReader() => new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db"), 1));
}
