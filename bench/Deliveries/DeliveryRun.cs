using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Bench.Load;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Deliveries;

/// <param name="Received">How many arrived, of the accepted incidents whose receiver answers.</param>
/// <param name="P50">
/// Milliseconds from the response that accepts an incident to its first byte at the receiver, like the other
/// percentiles.
/// </param>
internal sealed record DeliveryResult(int Accepted, int Received, double P50, double P99, double Max);

/// <summary>
/// Measures the time from an incident's acceptance to its arrival at the receiver. Each CapID has a webhook of its own,
/// some of which never answer; a receiver that answers must get everything.
/// </summary>
internal sealed class DeliveryRun(string folder, int rate, TimeSpan duration, int endpoints, int hanging)
{
    private const int Senders = 8;

    public async Task<DeliveryResult> RunAsync()
    {
        await using var cluster = new Cluster(Path.Combine(folder, "cluster"), null, silos: 0, logs: 1);
        await using var receivers = await Receivers.StartAsync();
        await cluster.StartAsync();
        var capIds = await cluster.RegisterAsync(endpoints);
        for (var i = 0; i < endpoints; i++)
        {
            using var made = await cluster.Http.PostAsJsonAsync("/v1/webhooks", new { url = receivers.Url(i, i < hanging),
                caps = capIds[i] });
            made.EnsureSuccessStatusCode();
        }

        var incidents = new SignedIncidents(cluster.Reporter, capIds);
        await SendAsync(cluster, incidents.Make(rate * 5, "high")); // until the code is compiled
        var accepted = await SendAsync(cluster, incidents.Make((int)(rate * duration.TotalSeconds), "high"));
        var silent = capIds.Take(hanging).ToHashSet(StringComparer.Ordinal);
        var expected = accepted.Where(one => !silent.Contains(one.Value.CapId)).ToList();
        var deadline = Stopwatch.GetTimestamp() + (30 * Stopwatch.Frequency);
        while (expected.Exists(one => !receivers.Arrivals.ContainsKey(one.Key)) && Stopwatch.GetTimestamp() < deadline)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        var times = expected.Where(one => receivers.Arrivals.ContainsKey(one.Key))
            .Select(one => Math.Max(0, Stopwatch.GetElapsedTime(one.Value.At,
                receivers.Arrivals[one.Key]).TotalMilliseconds)).Order().ToList();
        return new DeliveryResult(expected.Count, times.Count, times[times.Count / 2], times[(int)(times.Count * 0.99)], times[^1]);
    }

    /// <returns>The CapID and the time of acceptance, by incident id.</returns>
    private async Task<ConcurrentDictionary<string, (string CapId, long At)>> SendAsync(Cluster cluster, byte[][] incidents)
    {
        var accepted = new ConcurrentDictionary<string, (string, long)>(StringComparer.Ordinal);
        var next = -1;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < incidents.Length;)
            {
                var early = Stopwatch.GetElapsedTime(
                    Stopwatch.GetTimestamp(), started + (long)(i / (double)rate * Stopwatch.Frequency));
                if (early > TimeSpan.Zero)
                {
                    await Task.Delay(early, TimeProvider.System);
                }

                using var content = new ByteArrayContent(incidents[i]);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var answer = await cluster.Http.PostAsync(new Uri("/v1/incidents", UriKind.Relative), content);
                var at = Stopwatch.GetTimestamp();
                answer.EnsureSuccessStatusCode();
                var receipt = await answer.Content.ReadFromJsonAsync<JsonElement>();
                accepted[receipt.GetProperty("incidentId").GetString()!] = (receipt.GetProperty("capId").GetString()!, at);
            }
        }));
        return accepted;
    }
}
