using System.Globalization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.MerkleTree;
using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>
/// What a writer caches of its log between commits. It need not be read again: every commit is fenced by the number of
/// commits, so as long as its own commits succeed, no other writer has changed anything.
/// </summary>
internal sealed class CachedLog : ICommitFacts, IAsyncDisposable
{
    private readonly Dictionary<string, ContextVersion> versions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> positions = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), EarlierIncident> earlier = [];

    /// <summary>
    /// Commits for which incidents are looked up before writing, counted from the last duplicate found.
    /// </summary>
    private const int CheckFirstCommits = 1000;

    private int checkFirstCommitsLeft;

    private CachedLog(int log, NpgsqlConnection connection) => (Log, Connection) = (log, connection);

    public int Log { get; }

    /// <summary>The writer's own connection, named after the log so that the next owner can terminate it.</summary>
    public NpgsqlConnection Connection { get; }

    public LogHead Head { get; private set; } = null!;

    public MerkleFrontier Frontier { get; private set; } = null!;

    public long Commits { get; private set; }

    /// <param name="evict">
    /// Whether to terminate the previous owner's connection: a writer that stalls in the middle of a commit keeps its
    /// lock.
    /// </param>
    public static async Task<CachedLog> OpenAsync(string connectionString, int log, bool evict, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"caporleans log {log}");
        var ownConnectionString = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = name, Pooling = false }.ToString();
        var connection = await ConnectAsync(ownConnectionString, cancellationToken).WithTimeoutAsync(PostgresSignIn.Timeout,
            cancellationToken);
        try
        {
            if (evict)
            {
                await using var terminate = new NpgsqlCommand(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database() AND pid <> pg_backend_pid()",
                    connection) { Parameters = { new() { Value = name } } };
                await terminate.ExecuteNonQueryAsync(cancellationToken);
            }

            var held = new CachedLog(log, connection);
            await held.ReadHeadAsync(cancellationToken);
            return held;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async ValueTask<NpgsqlConnection> ConnectAsync(string connectionString, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the context versions and offsets that a batch depends on and that are not cached yet.</summary>
    public async Task LoadFactsAsync(IReadOnlyList<Append> batch, CancellationToken cancellationToken)
    {
        var capIds = batch.Select(append => append.Expected?.CapId).OfType<string>().Where(capId => !versions.ContainsKey(capId)).Distinct().ToArray();
        var consumers = batch.SelectMany(append => (string?[])[append.Offset?.Consumer, append.Escalations is null ? null
            : EscalationCommit.Offset]).OfType<string>().Where(name => !positions.ContainsKey(name)).Distinct().ToArray();
        if (capIds.Length + consumers.Length == 0)
        {
            return;
        }

        await using var ask = new NpgsqlBatch(Connection);
        ask.Add("SELECT cap_id, version, revision FROM cap WHERE cap_id = ANY($1)", [capIds]); // one parameter, whose value is an array
        ask.Add("SELECT consumer, position FROM consumer_offset WHERE log = $1 AND consumer = ANY($2)", Log, consumers);
        await using var reader = await ask.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            versions[reader.GetString(0)] = new ContextVersion(reader.GetInt64(1), reader.GetInt64(2));
        }

        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            positions[reader.GetString(0)] = reader.GetInt64(1);
        }
    }

    /// <summary>
    /// Whether duplicates are looked up before writing. They come in bursts, from a host whose response was lost or
    /// from a replay; writing first and looking then would write everything twice.
    /// </summary>
    public bool ChecksDuplicatesFirst => checkFirstCommitsLeft > 0;

    /// <summary>Looks up which incidents of a batch were accepted before.</summary>
    public async Task LoadEarlierIncidentsAsync(IReadOnlyList<Append> batch, CancellationToken cancellationToken)
    {
        checkFirstCommitsLeft--;
        var rows = batch.Select(append => append.Incident).OfType<IncidentRow>().ToList();
        if (rows.Count == 0)
        {
            return;
        }

        await using var ask = new NpgsqlBatch(Connection);
        ask.Add(
            """
            SELECT i.cap_id, i.incident_id, i.audit_hash, e.idx, e.bytes
            FROM unnest($1::text[], $2::text[]) AS asked (cap_id, incident_id)
            JOIN incident i ON i.cap_id = asked.cap_id AND i.incident_id = asked.incident_id
            JOIN audit_entry e ON e.log = i.position >> 40 AND e.idx = i.position & 1099511627775
            """,
            rows.Select(row => row.CapId).ToArray(), rows.Select(row => row.IncidentId).ToArray());
        await using var reader = await ask.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            checkFirstCommitsLeft = CheckFirstCommits;
            earlier[(reader.GetString(0), reader.GetString(1))] = new EarlierIncident(reader.GetFieldValue<byte[]>(2), reader.GetInt64(3), reader.GetFieldValue<byte[]>(4));
        }
    }

    /// <summary>Updates the cache after a plan was committed.</summary>
    public void Apply(CommitPlan plan, LogHead head)
    {
        (Head, Frontier, Commits) = (head, plan.Frontier, Commits + 1);
        plan.Contexts.ForEach(context => versions[context.CapId] = ContextVersion.Of(context));
        foreach (var (consumer, position) in plan.Offsets)
        {
            if (position == 0)
            {
                positions.Remove(consumer);
            }
            else
            {
                positions[consumer] = position;
            }
        }
    }

    public void ClearEarlier() => earlier.Clear();

    public ContextVersion VersionOf(string capId) => versions.GetValueOrDefault(capId);

    public long PositionOf(string consumer) => positions.GetValueOrDefault(consumer);

    public EarlierIncident? FindIncident(string capId, string incidentId) => earlier.GetValueOrDefault((capId, incidentId));

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    private async Task ReadHeadAsync(CancellationToken cancellationToken)
    {
        await using var ask = new NpgsqlCommand("SELECT origin, size, root, frontier, commits FROM log_head WHERE log = $1", Connection) { Parameters = { new() { Value = Log } } };
        await using var reader = await ask.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            throw new InvalidOperationException($"Log {Log} was not opened.");
        }

        Head = new LogHead(reader.GetString(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2));
        Frontier = MerkleFrontier.FromBytes(Head.Size, reader.GetFieldValue<byte[]>(3), Head.Root);
        Commits = reader.GetInt64(4);
    }
}
