using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Bench.Load;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Table;

/// <summary>A service under measurement, and the load for it.</summary>
internal sealed class MeasuredService : IAsyncDisposable
{
    /// <summary>Number of CapIDs over which incidents are spread.</summary>
    private const int Spread = 64;

    private readonly Report report;
    private readonly Cluster cluster;
    private readonly Postgres? postgres;
    private readonly string name;
    private SignedIncidents? spread;
    private SignedIncidents? hot;
    private double rate = 2000;

    private MeasuredService(Report report, string name, Cluster cluster, Postgres? postgres) =>
        (this.report, this.name, this.cluster, this.postgres) = (report, name, cluster, postgres);

    public static async Task<MeasuredService> StartAsync(Report report, string name, Cluster cluster, Postgres? postgres)
    {
        var subject = new MeasuredService(report, name, cluster, postgres);
        await cluster.StartAsync();
        var capIds = await cluster.RegisterAsync(Spread);
        (subject.spread, subject.hot) = (new SignedIncidents(cluster.Reporter, capIds), new SignedIncidents(cluster.Reporter, [capIds[0]]));
        return subject;
    }

    /// <summary>Runs until the code is fully optimized, and measures the rate.</summary>
    public async Task WarmUpAsync()
    {
        await IntakeLoad.RunAsync(cluster.ApiPort, Request.Singles(spread!.Make(30_000)), 64);
        rate = (await IntakeLoad.RunAsync(cluster.ApiPort, Request.Singles(spread.Make(20_000)), 64)).PerSecond;
    }

    public async Task<Row> SinglesAsync(int connections, TimeSpan duration, bool isHot = false, double share = 1)
    {
        var expected = share * (connections == 1 ? Math.Min(rate, 900) : rate);
        var requests = Request.Singles((isHot ? hot! : spread!).Make((int)(expected * duration.TotalSeconds)));
        var load = (isHot ? "single, one CapID" : $"single, {Spread} CapIDs") + (share < 1 ? ", half rate" : "");
        return await MeasureAsync(load, requests, connections, share < 1 ? expected : 0);
    }

    /// <summary>
    /// Measures the rate over a duration, and the CPU time per incident until the consumers have caught up.
    /// </summary>
    public async Task<(double PerSecond, double P99, double MicrosecondsOfCpu)> CostAsync(TimeSpan duration)
    {
        var requests = Request.Singles(spread!.Make((int)(rate * duration.TotalSeconds)));
        var before = Usage.Of(cluster.ProcessIds);
        var result = await IntakeLoad.RunAsync(cluster.ApiPort, requests, 64);
        await CatchUpAsync();
        return (result.PerSecond, result.P99, (Usage.Of(cluster.ProcessIds) - before).Cpu.TotalMicroseconds / requests.Count);
    }

    public Task<Row> BatchesAsync(int connections, int size, TimeSpan duration) =>
        MeasureAsync($"batches of {size}", Request.Batches(spread!.Make((int)(rate * 1.5 * duration.TotalSeconds)), size), connections, 0);

    /// <summary>Stores incidents in batches as fast as possible, without measuring.</summary>
    public async Task GrowAsync(int incidents)
    {
        for (var left = incidents; left > 0; left -= 50_000)
        {
            await IntakeLoad.RunAsync(cluster.ApiPort, Request.Batches(spread!.Make(Math.Min(left, 50_000)), 100), 8);
        }
    }

    /// <returns>
    /// Seconds until the consumers have caught up; one with an error, such as a missing chain, does not count.
    /// </returns>
    public async Task<double> CatchUpAsync()
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var ready = await cluster.Http.GetFromJsonAsync<JsonElement>("/health/ready");
            if (ready.GetProperty("consumers").EnumerateArray().All(consumer =>
                consumer.GetProperty("lag").GetInt64() == 0 || consumer.GetProperty("lastError").ValueKind == JsonValueKind.String))
            {
                return Stopwatch.GetElapsedTime(started).TotalSeconds;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    /// <returns>
    /// Seconds until the anchorer's lag is within one second of intake, while <paramref name="perSecond"/> incidents
    /// arrive per second.
    /// </returns>
    public async Task<double> AnchorCatchUpAsync(int perSecond)
    {
        using var caughtUp = new CancellationTokenSource();
        var started = Stopwatch.GetTimestamp();
        var intake = Task.Run(async () =>
        {
            while (!caughtUp.IsCancellationRequested)
            {
                await IntakeLoad.RunAsync(cluster.ApiPort, Request.Singles(spread!.Make(perSecond)), 16, perSecond);
            }
        });
        while (await LagAsync("anchor") > perSecond)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await caughtUp.CancelAsync();
        await intake;
        return seconds;
    }

    public async Task<long> LagAsync(string name)
    {
        var ready = await cluster.Http.GetFromJsonAsync<JsonElement>("/health/ready");
        return ready.GetProperty("consumers").EnumerateArray().Where(consumer => consumer.GetProperty("consumer").GetString() == name)
            .Sum(consumer => consumer.GetProperty("lag").GetInt64());
    }

    /// <returns>
    /// Median time of reading a page of 100 entries, at the log's end and in its middle, in milliseconds.
    /// </returns>
    public async Task<double> PageAsync(long stored)
    {
        var times = new List<double>();
        for (var i = 0; i < 60; i++)
        {
            var started = Stopwatch.GetTimestamp();
            using var answer = await cluster.Http.GetAsync($"/v1/audit?limit=100&after={(i % 2 == 0 ? Math.Max(-1, stored - 200) : stored / 2)}");
            answer.EnsureSuccessStatusCode();
            _ = await answer.Content.ReadAsByteArrayAsync();
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        times.Sort();
        return times[times.Count / 2];
    }

    public double ResidentMegabytes() => Usage.Of(cluster.ProcessIds).Resident / 1e6 / cluster.ProcessIds.Count;

    /// <returns>Seconds from the start of the process until it is ready.</returns>
    public async Task<double> RestartAsync()
    {
        cluster.Api.Process.Signal(15);
        await cluster.Api.Process.ExitAsync();
        var started = Stopwatch.GetTimestamp();
        await cluster.Api.StartAsync();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public ValueTask DisposeAsync() => cluster.DisposeAsync();

    private async Task<Row> MeasureAsync(string load, IReadOnlyList<Request> requests, int connections, double perSecond)
    {
        int[] database = postgres is null ? [] : [postgres.ProcessId];
        var (service, stored) = (Usage.Of(cluster.ProcessIds), Usage.Of(database));
        var result = await IntakeLoad.RunAsync(cluster.ApiPort, requests, connections, perSecond);
        var (used, storing) = (Usage.Of(cluster.ProcessIds) - service, Usage.Of(database) - stored);
        double incidents = requests.Sum(request => request.Incidents);
        rate = perSecond == 0 && connections == 64 ? result.PerSecond : rate;
        var row = new Row(
            name, load, connections, result, (used + storing).Cpu.TotalMicroseconds / incidents, used.Cpu.TotalMicroseconds / incidents,
            (used + storing).Written / incidents);
        report.Add(row);
        return row;
    }
}
