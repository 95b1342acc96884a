using CapOrleans.Bench.Chaos;
using Npgsql;

namespace CapOrleans.Tests.LogVerifier;

/// <summary>A verifier that finds nothing proves something only if it would find tampering.</summary>
[Collection(PostgresCollection.Name)]
public sealed class TamperedStoreTests(PostgresServer postgres) : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task What_is_changed_behind_the_service_s_back_is_found()
    {
        var url = await postgres.CreateAsync();
        await using var source = NpgsqlDataSource.Create(CapOrleans.AuditLog.Postgres.PostgresDatabase.ReadUrl(url)!);
        Senders senders;
        await using (var cluster = new Cluster(directory.File("data"), url, silos: 0, logs: 2))
        {
            await cluster.StartAsync();
            senders = new Senders(cluster, await cluster.RegisterAsync(4), 8, 400);
            senders.Start();
            await Eventually.TrueAsync(() => senders.Promised.Count > 100);
            await senders.StopAsync();
            // The log that gets extra rows needs entries after its last incident, which the archive writes.
            await Eventually.TrueAsync(async () => await CountAsync(
                source, "SELECT count(*) FROM audit_entry WHERE log = 0 AND idx > (SELECT max(position) FROM incident WHERE position >> 40 = 0)") > 0);
        }

        Task<IReadOnlyList<string>> CheckAsync() => TamperedStoreTests.CheckAsync(url, senders);
        Assert.Empty(await CheckAsync());
        foreach (var (change, back, says) in Changes)
        {
            await RunAsync(source, change);
            Assert.Contains(await CheckAsync(), finding => finding.Contains(says, StringComparison.Ordinal));
            await RunAsync(source, back);
        }

        Assert.Empty(await CheckAsync());
        var (name, kept) = senders.Promised.First();
        senders.Promised[name] = kept with { Index = kept.Index + 1 };
        senders.Promised["CAP-0/never"] = kept;
        Assert.Equal(2, (await CheckAsync()).Count(finding => finding.Contains("was promised at", StringComparison.Ordinal)));
        senders.Dispose();
    }

    private static (string Change, string Back, string Finding)[] Changes =>
    [
        ("UPDATE cap SET score = score + 1 WHERE cap_id = 'CAP-1'", "UPDATE cap SET score = score - 1 WHERE cap_id = 'CAP-1'", "CAP-1 is stored with"),
        ("UPDATE cap SET incidents = incidents - 1 WHERE cap_id = 'CAP-0'", "UPDATE cap SET incidents = incidents + 1 WHERE cap_id = 'CAP-0'", "CAP-0 is stored with"),
        ("UPDATE cap SET context = replace(context, '\"maxAheadSeconds\":300', " +
            "'\"maxAheadSeconds\":301')", "UPDATE cap SET context = replace(context, '\"maxAheadSeconds\":301', '\"maxAheadSeconds\":300')", "the stored " +
                "keys, numbers or policy of"),
        ("UPDATE incident SET cap_id = 'X-' || cap_id WHERE cap_id = 'CAP-2'", "UPDATE incident SET cap_id = substr(cap_id, 3) WHERE cap_id LIKE 'X-%'", "is not found as CAP-2/"),
        ("INSERT INTO incident SELECT position - 1, 'X-1', 'X-1', audit_hash, 0, 0 FROM incident i WHERE position >> 40 = 0 "
            + "AND NOT EXISTS (SELECT FROM incident b WHERE b.position = i.position - 1) AND position & 1099511627775 > 0 ORDER BY position LIMIT 1",
            "DELETE FROM incident WHERE cap_id = 'X-1'", "does not match the log"),
        ("INSERT INTO incident SELECT idx, 'X-2', 'X-2', 'x', 0, 0 FROM audit_entry "
            + "WHERE log = 0 AND idx > (SELECT max(position) FROM incident WHERE position >> 40 = 0) ORDER BY idx LIMIT 1",
            "DELETE FROM incident WHERE cap_id = 'X-2'", "is listed as an incident but is not one"),
        ("UPDATE log_head SET size = size + 1 WHERE log = 0", "UPDATE log_head SET size = size - 1 WHERE log = 0", "Log 0: its head has"),
        ("UPDATE log_head SET root = root || 'x' WHERE log = 1", "UPDATE log_head SET root = substr(root, 1, 32) WHERE log = 1", "Log 1: its head has"),
        ("UPDATE consumer_offset SET position = position + 1000000", "UPDATE consumer_offset SET position = position - 1000000", "is beyond the end of the log"),
        ("UPDATE block SET bytes = bytes || 'x'", "UPDATE block SET bytes = substr(bytes, 1, length(bytes) - 1)", "is archived according to the log, but cannot be read"),
        ("UPDATE audit_entry SET bytes = convert_to(replace(convert_from(bytes, 'UTF8'), 'bench.local', 'other.local'), 'UTF8')",
            "UPDATE audit_entry SET bytes = convert_to(replace(convert_from(bytes, 'UTF8'), 'other.local', " +
                "'bench.local'), 'UTF8')", "differs from its request"),
    ];

    private static async Task<IReadOnlyList<string>> CheckAsync(string database, Senders senders) =>
        (await Checker.RunAsync(database, logs: 2, senders.Promised, senders.Offered)).Findings;

    private static async Task RunAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<long> CountAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
