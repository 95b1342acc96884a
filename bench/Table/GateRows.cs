using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Bench.Load;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Table;

/// <summary>Measures a gate with its spool on disk: with the cluster available, and with the cluster stopped.</summary>
internal sealed class GateRows(Report report, string folder, TimeSpan duration)
{
    private const int Connections = 64;

    private readonly int port = Child.FreePort();

    public async Task RunAsync()
    {
        await using var cluster = new Cluster(Path.Combine(folder, "cluster"), null, silos: 0, logs: 1);
        await cluster.StartAsync();
        var incidents = new SignedIncidents(cluster.Reporter, await cluster.RegisterAsync(64));
        using var gate = new Node(new Dictionary<string, string>
        {
            ["ROLES"] = "gate", ["DATA_DIR"] = Path.Combine(folder, "gate"), ["GATE_PORT"] = $"{port}", ["Gate__Api"] = $"http://127.0.0.1:{cluster.ApiPort}",
            ["Intake__PerSecondPerAddress"] = "1000000", ["Gate__ApiKeyFile"] = Path.Combine(folder, "cluster", "admin-token"),
        }, []);
        await gate.StartAsync();
        await WarmUpAsync(incidents);
        await MeasureAsync("gate and its cluster, both SQLite", gate, incidents, isAway: false);
        cluster.Api.Process.Signal(Child.Stop);
        try
        {
            await MeasureAsync("gate, cluster away", gate, incidents, isAway: true);
        }
        finally
        {
            cluster.Api.Process.Signal(Child.Continue);
        }

        report.Add("gate: delivered after the cluster came back", await DeliveredAsync(), "s");
    }

    /// <summary>
    /// Sends one incident of each CapID, sequentially: a gate limits concurrent lookups of CapIDs for one address.
    /// </summary>
    private async Task WarmUpAsync(SignedIncidents incidents)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        foreach (var body in incidents.Make(64))
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var answer = await http.PostAsync("/v1/incidents", content);
            answer.EnsureSuccessStatusCode();
        }
    }

    private async Task MeasureAsync(string name, Node gate, SignedIncidents incidents, bool isAway)
    {
        var rate = (await IntakeLoad.RunAsync(port, Request.Singles(incidents.Make(20_000)), Connections)).PerSecond;
        foreach (var share in (double[])[1, 0.5])
        {
            await (isAway ? Task.CompletedTask : DeliveredAsync()); // what was sent before must not be counted
            var requests = Request.Singles(incidents.Make((int)(rate * share * duration.TotalSeconds)));
            var before = Usage.Of([gate.Process.Id]);
            var result = await IntakeLoad.RunAsync(port, requests, Connections, share < 1 ? rate * share : 0);
            var used = Usage.Of([gate.Process.Id]) - before;
            var cpu = used.Cpu.TotalMicroseconds / requests.Count;
            report.Add(new Row(name, share < 1 ? "single, 64 CapIDs, half rate" : "single, 64 CapIDs", Connections, result, cpu, cpu, used.Written / (double)requests.Count));
        }
    }

    private async Task<double> DeliveredAsync()
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var started = Stopwatch.GetTimestamp();
        while ((await http.GetFromJsonAsync<JsonElement>("/v1/gate/status")).GetProperty("spool").GetProperty("waiting").GetInt64() > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
