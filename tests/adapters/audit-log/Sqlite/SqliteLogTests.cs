using CapOrleans.AuditLog.Sqlite;
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
    public void A_file_stays_divided_as_it_was_made()
    {
        _ = SqliteDatabase.Open(directory.File("divided.db"), 4);
        Assert.Contains("LOGS=4", Assert.Throws<StoreMismatchException>(() => SqliteDatabase.Open(directory.File("divided.db"), 8)).Message, StringComparison.Ordinal);
        _ = SqliteDatabase.Open(directory.File("divided.db"), 4);
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
