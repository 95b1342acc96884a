using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Bench.Load;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Edge;

/// <param name="Findings">Promises that were not kept; empty when all were.</param>
public sealed record OutageResult(int Received, TimeSpan Taking, TimeSpan Delivering, IReadOnlyList<string> Findings);

/// <summary>
/// Kills the cluster, sends through a gate, kills and restarts the gate halfway, then starts the cluster again:
/// whatever was answered <c>received</c> must be in the log once, and each CapID's incidents in the order in which they
/// were received.
/// </summary>
public sealed class GateOutage(string folder, int incidents) : IDisposable
{
    private const int Hosts = 12;

    private readonly int gatePort = Child.FreePort();
    private readonly ConcurrentDictionary<string, List<string>> received = new();
    private readonly TaskCompletionSource half = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HttpClient http = null!;
    private int count;

    public void Dispose() => http?.Dispose();

    public async Task<OutageResult> RunAsync()
    {
        await using var cluster = new Cluster(Path.Combine(folder, "cluster"), null, silos: 0, logs: 2);
        await cluster.StartAsync();
        var capIds = await cluster.RegisterAsync(Hosts);
        cluster.Api.Process.Kill9();
        using var gate = new Node(new Dictionary<string, string>
        {
            ["ROLES"] = "gate", ["DATA_DIR"] = Path.Combine(folder, "gate"), ["GATE_PORT"] = $"{gatePort}", ["Gate__Api"] = $"http://127.0.0.1:{cluster.ApiPort}",
        }, []);
        await gate.StartAsync();
        http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{gatePort}") };

        var started = TimeProvider.System.GetTimestamp();
        var hosts = capIds.Select(capId => Task.Run(() => SendAsync(new SignedIncidents(cluster.Reporter, [capId]), capId))).ToList();
        await half.Task;
        gate.Process.Kill9();
        await gate.Process.ExitedAsync(CancellationToken.None);
        await gate.StartAsync();
        await Task.WhenAll(hosts);
        var taking = TimeProvider.System.GetElapsedTime(started);

        started = TimeProvider.System.GetTimestamp();
        await cluster.Api.StartAsync();
        while (await WaitingAsync() > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        return new OutageResult(count, taking, TimeProvider.System.GetElapsedTime(started), await CheckAsync(cluster, capIds));
    }

    /// <summary>
    /// Acts as one host: sends the next incident only when the previous one was received, and repeats each until it is.
    /// </summary>
    private async Task SendAsync(SignedIncidents source, string capId)
    {
        var order = received[capId] = [];
        foreach (var body in source.Make(incidents / Hosts))
        {
            while (!await TryAsync(body))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }

            order.Add(JsonElement.Parse(body).GetProperty("task_id").GetString()!);
            if (Interlocked.Increment(ref count) == incidents / 2)
            {
                half.SetResult();
            }
        }
    }

    private async Task<bool> TryAsync(byte[] body)
    {
        try
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var answer = await http.PostAsync("/gate_receive", content);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false; // the gate is down
        }
    }

    private async Task<long> WaitingAsync() =>
        (await http.GetFromJsonAsync<JsonElement>("/v1/gate/status")).GetProperty("spool").GetProperty("waiting").GetInt64();

    private async Task<List<string>> CheckAsync(Cluster cluster, IReadOnlyList<string> capIds)
    {
        var findings = new List<string>();
        var dead = (await http.GetFromJsonAsync<JsonElement>("/v1/gate/status")).GetProperty("spool").GetProperty("dead").GetInt64();
        findings.AddRange(dead == 0 ? [] : [$"{dead} incidents are dead letters."]);
        foreach (var capId in capIds)
        {
            var logged = new List<string>();
            for (var cursor = "-1"; cursor is not null;)
            {
                var page = await cluster.Http.GetFromJsonAsync<JsonElement>(string.Create(CultureInfo.InvariantCulture, $"/v1/incidents?cap={capId}&limit=50&cursor={cursor}"));
                logged.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("incidentId").GetString()!));
                cursor = page.GetProperty("next").GetString();
            }

            if (!logged.SequenceEqual(received[capId]))
            {
                findings.Add($"{capId}: {received[capId].Count} were received, {logged.Count} are logged, " +
                    $"{received[capId].Except(logged).Count()} of the received ones are missing; the order " +
                        $"{(logged.Order().SequenceEqual(received[capId].Order()) ? "differs" : "cannot be compared")}.");
            }
        }

        return findings;
    }
}
