using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>Writes a plan's rows in one round trip: as arrays where there may be many, else row by row.</summary>
internal static partial class CommitRows
{
    /// <remarks>A batch without an explicit transaction runs as one: all of it is kept, or nothing.</remarks>
    public static async Task WriteAsync(CachedLog held, LogHead head, CommitPlan plan)
    {
        await using var batch = new NpgsqlBatch(held.Connection);
        // The fence: if the number of commits is not the expected one, it becomes NULL, which the column refuses.
        batch.Add(
            "UPDATE log_head SET size = $3, root = $4, frontier = $5, commits = CASE WHEN commits = $2 THEN $2 + 1 END WHERE log = $1",
            held.Log, held.Commits, head.Size, head.Root, plan.Frontier.ToBytes());
        AddEntries(batch, held.Log, held.Head.Size, plan);
        AddReadModels(batch, held.Log, plan);
        await batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    public static void Add(this NpgsqlBatch batch, string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        batch.BatchCommands.Add(command);
    }

    private static void AddEntries(NpgsqlBatch batch, int log, long sizeBefore, CommitPlan plan)
    {
        if (plan.Entries.Count == 0)
        {
            return;
        }

        // Incidents first, since they may be refused: a batch with a duplicate must not leave its entries as dead rows.
        if (plan.Incidents.Count > 0)
        {
            batch.Add(
                """
                INSERT INTO incident (position, cap_id, incident_id, audit_hash, severity, accepted_at)
                SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::smallint[], $6::bigint[])
                """,
                plan.Incidents.Select(incident => PackedPosition.Of(log, incident.Index)).ToArray(),
                plan.Incidents.Select(incident => incident.Row.CapId).ToArray(),
                plan.Incidents.Select(incident => incident.Row.IncidentId).ToArray(),
                plan.Incidents.Select(incident => incident.Row.ContentHash).ToArray(),
                plan.Incidents.Select(incident => (short)incident.Row.SeverityRank).ToArray(),
                plan.Incidents.Select(incident => incident.Row.AcceptedAt.ToUnixTimeMilliseconds()).ToArray());
            AddGroups(batch, log, plan.Incidents.FindAll(incident => incident.Row.GroupId is not null));
        }

        batch.Add(
            """
            INSERT INTO audit_entry (log, idx, kind, bytes)
            SELECT $1, $2 + n - 1, kind, bytes FROM unnest($3::text[], $4::bytea[]) WITH ORDINALITY AS entry (kind, bytes, n)
            """,
            log, sizeBefore, plan.Entries.Select(entry => entry.Kind).ToArray(), plan.Entries.Select(entry => entry.Bytes).ToArray());
    }

    private static void AddReadModels(NpgsqlBatch batch, int log, CommitPlan plan)
    {
        foreach (var context in plan.Contexts)
        {
            batch.Add(
                """
                INSERT INTO cap (cap_id, version, revision, context, score, incidents) VALUES ($1, $2, $3, $4, 0, 0)
                ON CONFLICT (cap_id) DO UPDATE SET version = excluded.version, revision = excluded.revision, context = excluded.context
                """,
                context.CapId, context.Version, context.Revision, CapContextJson.Write(context));
        }

        if (plan.ScoreChanges.Count > 0)
        {
            // The score saturates at the ends of its range: an overflow would fail every later batch with this CapID.
            batch.Add(
                """
                UPDATE cap SET
                    score = greatest(-9223372036854775808, least(9223372036854775807, cap.score::numeric + gained.score))::bigint,
                    incidents = cap.incidents + gained.incidents
                FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS gained (cap_id, score, incidents) WHERE cap.cap_id = gained.cap_id
                """,
                plan.ScoreChanges.Keys.ToArray(), plan.ScoreChanges.Values.Select(gained => gained.Score).ToArray(),
                plan.ScoreChanges.Values.Select(gained => gained.Incidents).ToArray());
        }

        foreach (var (at, capId, incidentId, adjustment) in plan.Corrections)
        {
            batch.Add(
                "INSERT INTO correction (cap_id, incident_id, position, adjustment) VALUES ($1, $2, $3, $4)",
                capId, incidentId, PackedPosition.Of(log, at), adjustment);
        }

        foreach (var (consumer, position) in plan.Offsets)
        {
            if (position == 0)
            {
                batch.Add("DELETE FROM consumer_offset WHERE log = $1 AND consumer = $2", log, consumer);
                continue;
            }

            batch.Add(
                """
                INSERT INTO consumer_offset (log, consumer, position) VALUES ($1, $2, $3)
                ON CONFLICT (log, consumer) DO UPDATE SET position = excluded.position
                """,
                log, consumer, position);
        }

        foreach (var (at, capId, incidentId, state) in plan.Updates)
        {
            batch.Add(
                "INSERT INTO incident_update (cap_id, incident_id, position, state) VALUES ($1, $2, $3, $4)",
                capId, incidentId, PackedPosition.Of(log, at), state is { } known ? (short)known : DBNull.Value);
        }

        AddDeliveries(batch, log, plan);
        AddEscalations(batch, log, plan);
        AddHeartbeats(batch, log, plan);
        AddCovers(batch, log, plan);
    }

    private static void AddGroups(NpgsqlBatch batch, int log, List<(long Index, IncidentRow Row)> grouped)
    {
        if (grouped.Count > 0)
        {
            batch.Add(
                """
                INSERT INTO incident_group (cap_id, group_id, position, first, is_first)
                SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::smallint[])
                """,
                grouped.Select(incident => incident.Row.CapId).ToArray(), grouped.Select(incident => incident.Row.GroupId!).ToArray(),
                grouped.Select(incident => PackedPosition.Of(log, incident.Index)).ToArray(),
                grouped.Select(incident => incident.Row.GroupFirst!).ToArray(),
                grouped.Select(incident => (short)(incident.Row.IsFirstOfGroup ? 1 : 0)).ToArray());
        }
    }

    private static void AddCovers(NpgsqlBatch batch, int log, CommitPlan plan)
    {
        foreach (var change in plan.Covers)
        {
            if (change.DeleteAfter is { } beyond)
            {
                batch.Add("DELETE FROM cover WHERE log = $1 AND kind = $2 AND to_idx > $3", log, change.Kind, beyond);
            }

            if (change.Added is { } cover)
            {
                batch.Add(
                    "INSERT INTO cover (log, kind, to_idx, from_idx, idx) VALUES ($1, $2, $3, $4, $5)",
                    log, cover.Kind, cover.To, cover.From, change.Index);
            }
        }
    }

}
