using System.Text.Json;
using CapOrleans.Archive;
using CapOrleans.AuditLog.Sqlite;
using CapOrleans.Core.AuditLog;
using CapOrleans.LogVerifier;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Tests.Support;

/// <summary>
/// The final check of every test of a node or a cluster: its logs verify from the files alone, as for an auditor,
/// without a silo.
/// </summary>
internal static class WholeLog
{
    /// <param name="folder">Contains the databases of the log and the blocks.</param>
    /// <returns>The accepted incidents of all logs.</returns>
    public static async Task<IReadOnlyList<VerifiedIncident>> AssertAsync(string folder, int logs = 1)
    {
        var incidents = new List<VerifiedIncident>();
        if (!File.Exists(Path.Combine(folder, "log.db")))
        {
            return incidents; // the test ended before a log was created
        }

        var reader = new SqliteLogReader(SqliteDatabase.Open(Path.Combine(folder, "log.db"), logs));
        var verifier = new Verifier(reader, new SqliteBlockStore(Path.Combine(folder, "blocks.db")), incidents.Add);
        for (var log = 0; log < logs; log++)
        {
            if (await reader.HeadAsync(log, CancellationToken.None) is not null) // a log is created by the first write to it
            {
                Assert.Empty((await verifier.VerifyAsync(log, CancellationToken.None)).Findings);
                await AssertMembersAsync(reader, log);
            }
        }

        SqliteConnection.ClearAllPools();
        return incidents;
    }

    /// <summary>Asserts that each entry has the members that docs/events.md lists, and no others.</summary>
    private static async Task AssertMembersAsync(SqliteLogReader reader, int log)
    {
        for (var next = 0L; await reader.ReadAsync(log, next, 1000, default) is { Entries: { Count: > 0 } entries }; next = entries[^1].Index + 1)
        {
            foreach (var entry in entries)
            {
                var described = Assert.Single(EntryMeanings.All, meaning => meaning.Kind == entry.Kind).Members.Split(' ');
                var members = JsonElement.Parse(entry.Bytes).GetProperty("body").EnumerateObject().Select(member => member.Name).ToList();
                var unknown = members.Except(described.Select(name => name.TrimEnd('?')));
                var missing = described.Where(name => !name.EndsWith('?')).Except(members);
                Assert.Equal($"{entry.Kind}: ", $"{entry.Kind}: {string.Join(' ', unknown.Concat(missing))}");
            }
        }
    }
}
