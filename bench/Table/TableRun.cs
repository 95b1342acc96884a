using CapOrleans.Bench.Limits;
using CapOrleans.Bench.Load;
using CapOrleans.TestHost;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Bench.Table;

/// <summary>Measures the limits and the service in one run on one machine, one after the other.</summary>
internal sealed class TableRun(Report report, string folder, TimeSpan duration, int growth)
{
    private const string Bare = "limit: bare path, PostgreSQL";
    private const string OneProcess = "PostgreSQL, one process";
    private const string ThreeSilos = "PostgreSQL, three silos and an API";

    private const string Single = "single, 64 CapIDs";

    private Postgres postgres = null!;

    public async Task RunAsync()
    {
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
        await using var server = postgres = await Postgres.StartAsync(Path.Combine(folder, "postgres"));
        report.Head();
        await LimitsAsync();
        await ServiceAsync("SQLite, one process", null, 0, 1);
        await ServiceAsync(OneProcess, "one", 0, 1);
        await ServiceAsync(ThreeSilos, "three", 3, 1);
        await ServiceAsync(ThreeSilos + ", 4 logs", "four", 3, 4);
        await new GateRows(report, Directory.CreateDirectory(Path.Combine(folder, "edge")).FullName, duration).RunAsync();
        Compare();
        await ConsumersAsync();
        if (growth > 0)
        {
            await GrowthAsync();
        }
    }

    private async Task LimitsAsync()
    {
        var incidents = new SignedIncidents(PrivateKey.Create(), [.. Enumerable.Range(0, 64).Select(i => $"CAP-{i}")]);
        report.Add("limit: signature checks on one core", SingleCore.SignatureChecks(incidents.Make(1)[0]), "/s");
        var syncs = SingleCore.SyncedWrites(folder);
        report.Add("limit: 4 KiB fdatasync", syncs.PerSecond, "/s");
        report.Add("limit: 4 KiB fdatasync, p99", syncs.P99, "ms");
        report.Add("limit: 4 KiB fdatasync, p99.9", syncs.P999, "ms");
        report.Add("limit: rows of incidents committed in groups of 64", await SingleCore.RowsAsync(postgres, 64), "/s");
        report.Add("limit: rows of incidents committed in groups of 500", await SingleCore.RowsAsync(postgres, 500), "/s");
        await postgres.CreateAsync("bare");
        var port = Child.FreePort();
        using var bare = Child.Start("dotnet", [typeof(TableRun).Assembly.Location, "bare", $"{port}"], new Dictionary<string, string> { ["BARE_DATABASE"] = postgres.ConnectionString("bare") });
        await bare.LineAsync("bare is ready", TimeSpan.FromSeconds(30));
        await IntakeLoad.RunAsync(port, Request.Singles(incidents.Make(30_000), "/path"), 64);
        await IntakeLoad.RunAsync(port, Request.Singles(incidents.Make(30_000), "/json"), 64);
        await BareAsync("limit: bare Kestrel and JSON", "/json", 64, 25_000);
        foreach (var (connections, perSecond) in ((int, int)[])[(1, 1200), (16, 8000), (64, 10_000), (256, 10_000)])
        {
            await BareAsync(Bare, "/path", connections, perSecond);
        }

        await BareAsync(Bare, "/path", 64, (int)(report.RateOf(Bare, Single, 64) / 2), isPaced: true);

        async Task BareAsync(string name, string path, int connections, int perSecond, bool isPaced = false)
        {
            var requests = Request.Singles(incidents.Make((int)(perSecond * duration.TotalSeconds * (isPaced ? 2 : 1))), path);
            var (server, database) = (Usage.Of([bare.Id]), Usage.Of([postgres.ProcessId]));
            var result = await IntakeLoad.RunAsync(port, requests, connections, isPaced ? perSecond : 0);
            var (used, stored) = (Usage.Of([bare.Id]) - server, Usage.Of([postgres.ProcessId]) - database);
            report.Add(new Row(
                name, Single + (isPaced ? ", half rate" : ""), connections, result, (used + stored).Cpu.TotalMicroseconds / requests.Count,
                used.Cpu.TotalMicroseconds / requests.Count, (used + stored).Written / (double)requests.Count));
        }
    }

    private async Task ServiceAsync(string name, string? database, int silos, int logs)
    {
        await using var subject = await StartAsync(name, database, silos, logs);
        await subject.WarmUpAsync();
        foreach (var connections in (int[])[1, 16, 64, 256])
        {
            await subject.SinglesAsync(connections, duration);
        }

        await subject.SinglesAsync(64, duration, isHot: true);
        await subject.CatchUpAsync();
        await subject.SinglesAsync(64, duration * 2, share: 0.5);
        await subject.BatchesAsync(8, 50, duration);
        await subject.BatchesAsync(4, 500, duration);
        report.Add($"{name}: consumers caught up after", await subject.CatchUpAsync(), "s");
    }

    private async Task<MeasuredService> StartAsync(string name, string? database, int silos, int logs,
        Uri? chain = null) => await MeasuredService.StartAsync(
        report, name,
        new Cluster(
            Directory.CreateDirectory(Path.Combine(folder, $"data-{database ?? "sqlite"}")).FullName, database is null ? null : await postgres.CreateAsync(database),
            silos, logs, chain),
        database is null ? null : postgres);

    /// <summary>Keeps the chain down while 100,000 incidents arrive, then starts it while more arrive.</summary>
    private async Task ConsumersAsync()
    {
        const int Behind = 100_000;
        const int PerSecond = 1000;
        var port = Child.FreePort();
        await using var subject = await StartAsync(OneProcess + ", chain away", "consumers", 0, 1, new Uri($"http://127.0.0.1:{port}"));
        await subject.GrowAsync(Behind);
        report.Add("archive behind after 100,000 incidents in batches", await subject.LagAsync("archive"), "entries");
        report.Add("anchor behind after 100,000 incidents, the chain away", await subject.LagAsync("anchor"), "entries");
        using var chain = await DevChain.StartAsync(port);
        report.Add($"anchor caught up, while {PerSecond:#,0} incidents per second came in, after", await subject.AnchorCatchUpAsync(PerSecond), "s");
    }

    private void Compare()
    {
        var one = report.RateOf(OneProcess, Single, 64);
        double Cpu(string system) => report.Rows.Last(row => row.System == system && row.Load == Single && row.Connections == 64).CpuMicroseconds;
        report.Add("one process on PostgreSQL / bare path, 64 connections (goal 0.5)", one / report.RateOf(Bare, Single, 64), "");
        report.Add("one hot CapID / spread, 64 connections (goal 0.8)", report.RateOf(OneProcess, "single, one CapID", 64) / one, "");
        report.Add("three silos: CPU per incident / one process's (goal 1.5 at most)", Cpu(ThreeSilos) / Cpu(OneProcess), "");
    }

    private async Task GrowthAsync()
    {
        await using var subject = await StartAsync(OneProcess + ", growing", "growth", 0, 1);
        report.Add("resident at the start", subject.ResidentMegabytes(), "MB");
        await subject.WarmUpAsync();
        long stored = 0;
        foreach (var target in (int[])[0, growth / 10, growth])
        {
            await subject.GrowAsync((int)Math.Max(0, target - stored));
            stored = target;
            await subject.CatchUpAsync();
            await subject.SinglesAsync(64, duration);
            await subject.CatchUpAsync();
            report.Add($"page of 100 entries at {target:#,0} stored", await subject.PageAsync(stored), "ms");
        }

        await Task.Delay(TimeSpan.FromSeconds(60), TimeProvider.System);
        report.Add("resident a minute after the last incident", subject.ResidentMegabytes(), "MB");
        report.Add("restart to ready", await subject.RestartAsync(), "s");
    }
}
