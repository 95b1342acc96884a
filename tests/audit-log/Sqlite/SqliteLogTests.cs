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
        writers.Add(new SqliteLogWriter(SqliteDatabase.Open(directory.File("log.db"))));
        return writers[^1];
    }

    protected override IAuditLogReader NewReader() => new SqliteLogReader(SqliteDatabase.Open(directory.File("log.db")));
}
