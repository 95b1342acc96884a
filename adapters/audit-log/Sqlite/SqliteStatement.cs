using Microsoft.Data.Sqlite;

namespace CapOrleans.AuditLog.Sqlite;

/// <summary>A statement that is prepared once and run with many rows.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly SqliteCommand command;

    /// <param name="sql">Has <paramref name="parameters"/> parameters, named <c>$1</c>, <c>$2</c> and so on.</param>
    public SqliteStatement(SqliteConnection connection, string sql, int parameters)
    {
        command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }
    }

    /// <returns>Rows changed.</returns>
    public int Run(SqliteTransaction? transaction, params ReadOnlySpan<object> values)
    {
        Bind(values);
        command.Transaction = transaction;
        return command.ExecuteNonQuery();
    }

    public SqliteDataReader Query(SqliteTransaction? transaction, params ReadOnlySpan<object> values)
    {
        Bind(values);
        command.Transaction = transaction;
        return command.ExecuteReader();
    }

    public void Dispose() => command.Dispose();

    private void Bind(ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
    }
}
