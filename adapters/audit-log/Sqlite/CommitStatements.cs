using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.MerkleTree;
using Microsoft.Data.Sqlite;

namespace CapOrleans.AuditLog.Sqlite;

/// <summary>The statements of a commit, prepared once on the writer's connection.</summary>
internal sealed class CommitStatements(SqliteConnection connection) : IDisposable
{
    private readonly SqliteStatement findIncident = new(connection,
        """
        SELECT i.audit_hash, e.idx, e.bytes
        FROM incident i JOIN audit_entry e ON e.log = i.position >> 40 AND e.idx = i.position & 0xFFFFFFFFFF
        WHERE i.cap_id = $1 AND i.incident_id = $2
        """, 2);

    private readonly SqliteStatement head = new(connection,
        "SELECT origin, size, root, frontier FROM log_head WHERE log = $1", 1);

    private readonly SqliteStatement capVersion = new(connection,
        "SELECT version, revision FROM cap WHERE cap_id = $1", 1);

    private readonly SqliteStatement position = new(connection,
        "SELECT position FROM consumer_offset WHERE log = $1 AND consumer = $2", 2);

    public SqliteStatement InsertHead { get; } = new(connection,
        "INSERT INTO log_head (log, origin, size, root, frontier) VALUES ($1, $2, 0, $3, x'') ON CONFLICT DO NOTHING", 3);

    public SqliteStatement UpdateHead { get; } = new(connection,
        "UPDATE log_head SET size = $2, root = $3, frontier = $4 WHERE log = $1", 4);

    /// <summary>
    /// Writes a page even if the value is unchanged; an UPDATE that changes nothing would write none.
    /// </summary>
    public SqliteStatement WriteProbe { get; } = new(connection, "PRAGMA application_id = 0x43617031", 0);

    public SqliteStatement AddEntry { get; } = new(connection,
        "INSERT INTO audit_entry (log, idx, kind, bytes) VALUES ($1, $2, $3, $4)", 4);

    public SqliteStatement AddIncident { get; } = new(connection,
        """
        INSERT INTO incident (position, cap_id, incident_id, audit_hash, severity, accepted_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """, 6);

    public SqliteStatement AddToGroup { get; } = new(connection, GroupQueries.Add, 5);

    public SqliteStatement PutCap { get; } = new(connection,
        """
        INSERT INTO cap (cap_id, version, revision, context, score, incidents) VALUES ($1, $2, $3, $4, 0, 0)
        ON CONFLICT (cap_id) DO UPDATE SET version = excluded.version, revision = excluded.revision, context = excluded.context
        """, 4);

    public SqliteStatement AddTotals { get; } = new(connection,
        "UPDATE cap SET score = CAST(score + $2 AS INTEGER), incidents = incidents + $3 WHERE cap_id = $1", 3);

    public SqliteStatement AddCorrection { get; } = new(connection,
        "INSERT INTO correction (cap_id, incident_id, position, adjustment) VALUES ($1, $2, $3, $4)", 4);

    public SqliteStatement AddUpdate { get; } = new(connection,
        "INSERT INTO incident_update (cap_id, incident_id, position, state) VALUES ($1, $2, $3, $4)", 4);

    public SqliteStatement MoveOffset { get; } = new(connection,
        """
        INSERT INTO consumer_offset (log, consumer, position) VALUES ($1, $2, $3)
        ON CONFLICT (log, consumer) DO UPDATE SET position = excluded.position
        """, 3);

    public SqliteStatement DropOffset { get; } = new(connection,
        "DELETE FROM consumer_offset WHERE log = $1 AND consumer = $2", 2);

    public SqliteStatement AddCover { get; } = new(connection,
        "INSERT INTO cover (log, kind, to_idx, from_idx, idx) VALUES ($1, $2, $3, $4, $5)", 5);

    public SqliteStatement DropCovers { get; } = new(connection,
        "DELETE FROM cover WHERE log = $1 AND kind = $2 AND to_idx > $3", 3);

    public SqliteStatement PutDelivery { get; } = new(connection, DeliveryRows.Put, 11);

    public SqliteStatement DropDeliveries { get; } = new(connection, DeliveryRows.Drop, 2);

    public SqliteStatement TrimDeliveries { get; } = new(connection, DeliveryRows.Trim, 4);

    public SqliteStatement PutHeartbeat { get; } = new(connection, HeartbeatRows.Put, 5);

    public SqliteStatement DropHeartbeat { get; } = new(connection, HeartbeatRows.Drop, 2);

    public SqliteStatement PutEscalation { get; } = new(connection, EscalationRows.Put, 10);

    public SqliteStatement DropEscalation { get; } = new(connection, EscalationRows.Drop, 2);

    public SqliteStatement PutUnanswered { get; } = new(connection, EscalationRows.PutUnanswered, 9);

    public SqliteStatement DropUnanswered { get; } = new(connection, EscalationRows.DropUnanswered, 2);

    public SqliteStatement AddEscalationStep { get; } = new(connection, EscalationRows.AddStep, 3);

    public (LogHead Head, MerkleFrontier Frontier) ReadHead(SqliteTransaction transaction, int log)
    {
        using var reader = head.Query(transaction, log);
        return reader.Read()
            ? (new LogHead(reader.GetString(0), reader.GetInt64(1), (byte[])reader[2]),
                MerkleFrontier.FromBytes(reader.GetInt64(1), (byte[])reader[3], (byte[])reader[2]))
            : throw new InvalidOperationException($"Log {log} was not opened.");
    }

    /// <returns>Zeros when the CapID is not registered.</returns>
    public ContextVersion CapVersion(SqliteTransaction transaction, string capId)
    {
        using var reader = capVersion.Query(transaction, capId);
        return reader.Read() ? new ContextVersion(reader.GetInt64(0), reader.GetInt64(1)) : default;
    }

    /// <returns>0 when the consumer has no offset.</returns>
    public long Position(SqliteTransaction transaction, int log, string consumer)
    {
        using var reader = position.Query(transaction, log, consumer);
        return reader.Read() ? reader.GetInt64(0) : 0;
    }

    public EarlierIncident? FindIncident(SqliteTransaction transaction, string capId, string incidentId)
    {
        using var reader = findIncident.Query(transaction, capId, incidentId);
        return reader.Read() ? new EarlierIncident((byte[])reader[0], reader.GetInt64(1), (byte[])reader[2]) : null;
    }

    public void Dispose()
    {
        foreach (var statement in (ReadOnlySpan<SqliteStatement>)[head, capVersion, position, findIncident, InsertHead,
            UpdateHead, WriteProbe, AddEntry,
            AddIncident, AddToGroup, PutCap, AddTotals, AddCorrection, AddUpdate, MoveOffset, DropOffset, AddCover, DropCovers,
            PutDelivery, DropDeliveries, TrimDeliveries, PutEscalation, DropEscalation, AddEscalationStep,
            PutHeartbeat, DropHeartbeat])
        {
            statement.Dispose();
        }
    }
}
