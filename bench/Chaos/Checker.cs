using System.Text;
using CapOrleans.Archive;
using CapOrleans.AuditLog.Postgres;
using CapOrleans.LogVerifier;

namespace CapOrleans.Bench.Chaos;

/// <summary>Verifies every log of a database, and compares it with what senders sent and were promised.</summary>
internal static class Checker
{
    public static async Task<(IReadOnlyList<string> Findings, long Entries)> RunAsync(
        string databaseUrl, int logs, IReadOnlyDictionary<string, Promise> promised, IReadOnlyDictionary<string, byte[]> offered)
    {
        var (findings, entries, accepted) = (new List<string>(), 0L, new Dictionary<string, Promise>(StringComparer.Ordinal));
        void Compare(VerifiedIncident verified)
        {
            var name = $"{verified.Incident.CapId}/{verified.Incident.IncidentId}";
            accepted[name] = new Promise(verified.Origin, verified.Index, verified.LeafHash);
            if (!offered.TryGetValue(name, out var sent) || Encoding.UTF8.GetString(sent) != verified.Incident.Request)
            {
                findings.Add($"{name} was never sent like this.");
            }
        }

        var connectionString = PostgresDatabase.ReadUrl(databaseUrl)!;
        await using var database = PostgresDatabase.Open(connectionString, logs);
        using var blocks = new PostgresBlockStore(connectionString);
        var verifier = new Verifier(new PostgresLogReader(database), blocks, Compare);
        for (var log = 0; log < logs; log++)
        {
            var verification = await verifier.VerifyAsync(log, CancellationToken.None);
            findings.AddRange(verification.Findings);
            entries += verification.Head?.Size ?? 0;
        }

        foreach (var (name, promise) in promised)
        {
            if (accepted.GetValueOrDefault(name) is var found && found != promise)
            {
                findings.Add($"{name} was promised at {promise.Origin}/{promise.Index} and is {(found is null ? "nowhere" : $"at {found.Origin}/{found.Index}")}.");
            }
        }

        return (findings, entries);
    }
}
