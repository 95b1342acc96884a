using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Bench.Load;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Deliveries;

/// <param name="Acknowledged">Incidents acknowledged, each around the time of its ladder's second level.</param>
/// <param name="Paged">Of these, how many were paged a second time anyway.</param>
/// <param name="After">Of those, how many pages arrived after the response to the acknowledgement.</param>
/// <param name="Latest">Longest delay of such a page, in milliseconds.</param>
/// <param name="Missing">Incidents whose first page did not arrive.</param>
internal sealed record RaceResult(int Acknowledged, int Paged, int After, double Latest, int Missing);

/// <summary>
/// Acknowledges incidents around the time of their next page, from half a second before to half a second after it, and
/// measures how long after the response to an acknowledgement a page still arrives.
/// </summary>
internal sealed class AcknowledgementRace(string folder, int count)
{
    private const int Rate = 200;

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(10), Spread = TimeSpan.FromSeconds(1);

    public async Task<RaceResult> RunAsync()
    {
        await using var cluster = new Cluster(Path.Combine(folder, "cluster"), null, silos: 0, logs: 1);
        await using var receivers = await Receivers.StartAsync();
        await cluster.StartAsync();
        var capIds = await cluster.RegisterAsync(10);
        var url = receivers.Url(0, hangs: false);
        using var made = await cluster.Http.PostAsJsonAsync("/v1/webhooks", new { url, kinds = (string[])["paged"] });
        made.EnsureSuccessStatusCode();
        var webhook = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        var level = new { webhooks = (string[])[webhook], waitSeconds = (int)Wait.TotalSeconds };
        using var put = await cluster.Http.PutAsJsonAsync("/v1/ladders/race", new { caps = "*", levels = new[] { level, level } });
        put.EnsureSuccessStatusCode();

        var answered = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var started = Stopwatch.GetTimestamp();
        var incidents = new SignedIncidents(cluster.Reporter, capIds).Make(count, "critical");
        await Task.WhenAll(incidents.Select((incident, at) => FileAsync(cluster, incident, started, at, answered)));
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        var second = answered.Where(one => receivers.Arrivals.ContainsKey($"{one.Key}/2"))
            .Select(one => Stopwatch.GetElapsedTime(one.Value, receivers.Arrivals[$"{one.Key}/2"]).TotalMilliseconds).ToList();
        return new RaceResult(
            answered.Count, second.Count, second.Count(late => late > 0), second.DefaultIfEmpty().Max(),
            answered.Keys.Count(id => !receivers.Arrivals.ContainsKey($"{id}/1")));
    }

    private static async Task FileAsync(
        Cluster cluster, byte[] incident, long started, int at, ConcurrentDictionary<string, long> answered)
    {
        await UntilAsync(started, TimeSpan.FromSeconds(at / (double)Rate));
        using var content = new ByteArrayContent(incident);
        content.Headers.ContentType = new("application/json");
        using var accepted = await cluster.Http.PostAsync(new Uri("/v1/incidents", UriKind.Relative), content);
        accepted.EnsureSuccessStatusCode();
        var now = Stopwatch.GetTimestamp();
        var receipt = await accepted.Content.ReadFromJsonAsync<JsonElement>();
        var (capId, id) = (receipt.GetProperty("capId").GetString()!, receipt.GetProperty("incidentId").GetString()!);
        await UntilAsync(now, Wait + (Spread * (Random.Shared.NextDouble() - 0.5)));
        using var acknowledged = await cluster.Http.PostAsJsonAsync($"/v1/incidents/{capId}/{id}/acknowledge", new { });
        acknowledged.EnsureSuccessStatusCode();
        answered[id] = Stopwatch.GetTimestamp();
    }

    private static async Task UntilAsync(long since, TimeSpan passed)
    {
        var left = passed - Stopwatch.GetElapsedTime(since);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, TimeProvider.System);
        }
    }
}
