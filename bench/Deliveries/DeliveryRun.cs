using System.Diagnostics;
using System.Globalization;
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
internal sealed record DeliveryResult(int Accepted, int Received, double P50, double P99, double Max)
{
    /// <param name="accepted">When each was accepted.</param>
    public static async Task<DeliveryResult> OfAsync(IReadOnlyDictionary<string, long> accepted, Receivers receivers)
    {
        var deadline = Stopwatch.GetTimestamp() + (30 * Stopwatch.Frequency);
        while (accepted.Keys.Any(id => !receivers.Arrivals.ContainsKey(id)) && Stopwatch.GetTimestamp() < deadline)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        var times = accepted.Where(one => receivers.Arrivals.ContainsKey(one.Key))
            .Select(one => Math.Max(0, Stopwatch.GetElapsedTime(one.Value,
                receivers.Arrivals[one.Key]).TotalMilliseconds)).Order().ToList();
        return new DeliveryResult(accepted.Count, times.Count, times[times.Count / 2], times[(int)(times.Count * 0.99)], times[^1]);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Received} of {Accepted} received, p50 {P50:0.0} ms, p99 {P99:0.0} ms, max {Max:0.0} ms");
}

/// <summary>
/// Measures the time from an incident's acceptance to its arrival at the receiver. Each CapID has a webhook of its own,
/// some of which never answer; a receiver that answers must get everything.
/// </summary>
internal sealed class DeliveryRun(string folder, int rate, TimeSpan duration, int endpoints, int hanging)
{
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
        var sender = new PacedSender(cluster.Http, "/v1/incidents", rate);
        await sender.SendAsync(incidents.Make(rate * 5, "high"), IdAsync); // until the code is compiled
        var accepted = await sender.SendAsync(incidents.Make((int)(rate * duration.TotalSeconds), "high"), IdAsync);
        var silent = capIds.Take(hanging).ToHashSet(StringComparer.Ordinal);
        return await DeliveryResult.OfAsync(
            accepted.Where(one => !silent.Contains(one.Key[..one.Key.IndexOf('/', StringComparison.Ordinal)]))
                .ToDictionary(one => one.Key[(one.Key.IndexOf('/', StringComparison.Ordinal) + 1)..], one => one.Value), receivers);
    }

    private static async Task<string> IdAsync(HttpResponseMessage answer, int at)
    {
        var receipt = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return $"{receipt.GetProperty("capId").GetString()}/{receipt.GetProperty("incidentId").GetString()}";
    }
}
