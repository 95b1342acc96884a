using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.MerkleTree;
using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>What a batch asks about, read in one round trip behind the lock on the log's head.</summary>
internal sealed class CommitFacts : ICommitFacts
{
    private readonly Dictionary<string, long> versions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> positions = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), EarlierIncident> incidents = [];

    private CommitFacts(LogHead head, MerkleFrontier frontier) => (Head, Frontier) = (head, frontier);

    public LogHead Head { get; }

    public MerkleFrontier Frontier { get; }

    public static async Task<CommitFacts> ReadAsync(
        NpgsqlConnection connection, int log, IReadOnlyList<Append> appends, CancellationToken cancellationToken)
    {
        var rows = appends.Select(append => append.Incident).OfType<IncidentRow>().ToList();
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("SELECT origin, size, root, frontier FROM log_head WHERE log = $1 FOR UPDATE", log);
        batch.Add(
            "SELECT cap_id, version FROM cap WHERE cap_id = ANY($1)",
            [appends.Select(append => append.Fence?.CapId).OfType<string>().Distinct().ToArray()]); // one value, which is an array
        batch.Add(
            "SELECT follower, position FROM bookmark WHERE log = $1 AND follower = ANY($2)",
            log, appends.Select(append => append.Bookmark?.Follower).OfType<string>().Distinct().ToArray());
        batch.Add(
            """
            SELECT i.cap_id, i.incident_id, i.audit_hash, e.idx, e.bytes
            FROM unnest($1::text[], $2::text[]) AS asked (cap_id, incident_id)
            JOIN incident i ON i.cap_id = asked.cap_id AND i.incident_id = asked.incident_id
            JOIN audit_entry e ON e.log = i.place >> 40 AND e.idx = i.place & 1099511627775
            """,
            rows.Select(row => row.CapId).ToArray(), rows.Select(row => row.IncidentId).ToArray());
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            throw new InvalidOperationException($"Log {log} was not opened.");
        }

        var head = new LogHead(reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2));
        var facts = new CommitFacts(head, MerkleFrontier.FromBytes(head.Size, reader.GetFieldValue<byte[]>(3)));
        await ReadOnAsync(reader, row => facts.versions[row.GetString(0)] = row.GetInt64(1), cancellationToken);
        await ReadOnAsync(reader, row => facts.positions[row.GetString(0)] = row.GetInt64(1), cancellationToken);
        await ReadOnAsync(
            reader,
            row => facts.incidents[(row.GetString(0), row.GetString(1))] =
                new EarlierIncident(row.GetFieldValue<byte[]>(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4)),
            cancellationToken);
        return facts;
    }

    public long VersionOf(string capId) => versions.GetValueOrDefault(capId);

    public long PositionOf(string follower) => positions.GetValueOrDefault(follower);

    public EarlierIncident? FindIncident(string capId, string incidentId) => incidents.GetValueOrDefault((capId, incidentId));

    private static async Task ReadOnAsync(NpgsqlDataReader reader, Action<NpgsqlDataReader> take, CancellationToken cancellationToken)
    {
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            take(reader);
        }
    }
}
