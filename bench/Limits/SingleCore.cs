using System.Diagnostics;
using System.Text.Json;
using CapOrleans.TestHost;
using Npgsql;

namespace CapOrleans.Bench.Limits;

/// <summary>Limits that are measured in this process.</summary>
internal static class SingleCore
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    /// <returns>Signature checks per second on one core.</returns>
    public static double SignatureChecks(byte[] signed)
    {
        var incident = JsonSerializer.Deserialize(signed, BareJson.Default.BareIncident)!;
        return PerSecond(() =>
        {
            if (!BareServer.IsSigned(incident))
            {
                throw new InvalidOperationException("The incident is not signed by its key.");
            }
        });
    }

    /// <returns>
    /// 4 KiB writes per second, each on disk before the next, and the 99th and 99.9th percentile of their duration in
    /// milliseconds.
    /// </returns>
    public static (double PerSecond, double P99, double P999) SyncedWrites(string folder)
    {
        var took = new List<double>();
        using var file = new FileStream(Path.Combine(folder, "sync"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        var block = new byte[4096];
        var perSecond = PerSecond(() =>
        {
            var started = Stopwatch.GetTimestamp();
            file.Write(block);
            file.Flush(flushToDisk: true);
            took.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        });
        took.Sort();
        return (perSecond, took[took.Count * 99 / 100], took[took.Count * 999 / 1000]);
    }

    /// <returns>
    /// Rows of incidents per second, <paramref name="group"/> in one transaction, one transaction after another.
    /// </returns>
    public static async Task<double> RowsAsync(Postgres postgres, int group)
    {
        var name = $"rows{group}";
        await postgres.CreateAsync(name);
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString(name));
        var rows = await BareRows.MakeAsync(source);
        var started = Stopwatch.GetTimestamp();
        var made = 0;
        for (; Stopwatch.GetElapsedTime(started) < Duration; made += group)
        {
            await rows.CommitAsync([.. Enumerable.Range(made, group).Select(i => new BareRow("CAP", $"I-{i}", new byte[BareRows.EntryBytes]))]);
        }

        return made / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static double PerSecond(Action action)
    {
        var started = Stopwatch.GetTimestamp();
        var times = 0;
        while (Stopwatch.GetElapsedTime(started) < Duration)
        {
            action();
            times++;
        }

        return times / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
