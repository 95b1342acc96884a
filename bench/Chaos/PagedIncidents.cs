using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Escalation;
using CapOrleans.Core.Webhooks;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Chaos;

/// <summary>
/// A ladder under faults: one CapID's incidents are paged at two levels, and every other one is acknowledged at some
/// time. At the end the log and the receiver must show what the rules say, for each of them.
/// </summary>
internal sealed class PagedIncidents(Cluster cluster)
{
    private const string CapId = "CAP-0";
    private const int Levels = 2, PageSize = 1000;

    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(10);

    private readonly ConcurrentBag<Task> responses = [];
    private readonly ConcurrentDictionary<string, bool> acknowledged = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Seen> incidents = new(StringComparer.Ordinal);
    private readonly Dictionary<int, long> read = [];
    private readonly Dictionary<int, string> origins = [];
    private int promised;

    public string Story =>
        $"{incidents.Values.Sum(one => one.Pages.Count)} pages of {incidents.Count} incidents, {acknowledged.Count} acknowledged; "
        + $"{incidents.Values.Sum(one => one.Late)} pages were written after the acknowledgement.";

    /// <returns>Id of the webhook that is paged.</returns>
    public async Task<string> StartAsync(Uri receiver)
    {
        using var made = await cluster.Http.PostAsJsonAsync("/v1/webhooks", new { url = receiver, kinds = (string[])["paged"] });
        made.EnsureSuccessStatusCode();
        var webhook = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        var level = new { webhooks = (string[])[webhook], waitSeconds = (int)Wait.TotalSeconds };
        using var put = await cluster.Http.PutAsJsonAsync("/v1/ladders/chaos", new
        {
            caps = CapId, minSeverity = "normal", levels = Enumerable.Repeat(level, Levels),
        });
        put.EnsureSuccessStatusCode();
        return webhook;
    }

    /// <param name="key"><c>capId/incidentId</c> of an incident that the service has accepted.</param>
    public void Accepted(string key)
    {
        if (key.StartsWith($"{CapId}/", StringComparison.Ordinal) && Interlocked.Increment(ref promised) % 2 == 0)
        {
            responses.Add(Task.Run(() => AcknowledgeAsync(key)));
        }
    }

    /// <summary>Completes when everything that was to be acknowledged is.</summary>
    public Task StopAsync() => Task.WhenAll(responses);

    public async Task<IReadOnlyList<string>> CheckAsync(
        IAuditLogReader log, int logs, IDeliveryReader deliveries, string webhook, FlakyReceiver receiver, IEnumerable<string> names,
        TimeSpan timeout)
    {
        var expected = names.Where(name => name.StartsWith($"{CapId}/", StringComparison.Ordinal)).ToList();
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            await ReadAsync(log, logs);
            var rows = await FlakyReceiver.RowsAsync(deliveries, webhook, row => $"{row.Log}/{row.Index}");
            var findings = expected.Select(name => Fault(name, rows, receiver)).OfType<string>().ToList();
            if (findings.Count == 0 || TimeProvider.System.GetElapsedTime(started) > timeout)
            {
                return findings;
            }

            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        }
    }

    private string? Fault(string name, Dictionary<string, DeliveryState> rows, FlakyReceiver receiver) =>
        incidents.GetValueOrDefault(name) is not { } seen ? $"{name} is not in the log."
        : acknowledged.ContainsKey(name) && !seen.IsAcknowledged ? $"{name} was acknowledged, and the log does not say so."
        : seen.IsAcknowledged ? null
        : seen.Pages.Count != Levels || !seen.IsUnanswered ? $"{name} has {seen.Pages.Count} pages and no end."
        : seen.Pages.FirstOrDefault(page => !receiver.HasTaken(page.Id) && rows.GetValueOrDefault(page.Row) != DeliveryState.Waiting)
            is { Id: not null } lost ? $"The page {lost.Id} of {name} was not delivered and is not queued."
        : null;

    private async Task AcknowledgeAsync(string key)
    {
        await Task.Delay(Levels * Wait * Random.Shared.NextDouble(), TimeProvider.System);
        for (var attempt = 0; attempt < 200; attempt++)
        {
            try
            {
                using var answer = await cluster.Http.PostAsJsonAsync($"/v1/incidents/{key}/acknowledge", new { });
                if (answer.IsSuccessStatusCode)
                {
                    acknowledged[key] = true;
                    return;
                }
            }
            catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
            {
                // The service is suffering; once more.
            }

            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        }
    }

    private async Task ReadAsync(IAuditLogReader log, int logs)
    {
        for (var number = 0; number < logs; number++)
        {
            origins[number] = (await log.HeadAsync(number, CancellationToken.None))!.Origin;
            for (var isMore = true; isMore;)
            {
                var page = await log.ReadAsync(number, read.GetValueOrDefault(number), PageSize, CancellationToken.None);
                foreach (var entry in page.Entries)
                {
                    Read(entry, number);
                }

                read[number] = read.GetValueOrDefault(number) + page.Entries.Count;
                isMore = page.HasMore;
            }
        }
    }

    private void Read(LogEntry entry, int log)
    {
        switch (entry.Kind)
        {
            case EntryKinds.IncidentAccepted when AcceptedIncident.Read(entry.Bytes) is { CapId: CapId } accepted:
                incidents[$"{CapId}/{accepted.IncidentId}"] = new Seen();
                break;
            case EntryKinds.IncidentPaged:
                var page = Page.Read(entry);
                var paged = incidents[$"{page.CapId}/{page.IncidentId}"];
                paged.Pages.Add(($"{origins[log]}/{entry.Index}", $"{log}/{entry.Index}"));
                paged.Late += paged.IsAcknowledged ? 1 : 0;
                break;
            case EntryKinds.IncidentAcknowledged:
                var (capId, incidentId, _) = IncidentUpdates.ReadView(entry);
                incidents[$"{capId}/{incidentId}"].IsAcknowledged = true;
                break;
            case EntryKinds.IncidentUnanswered:
                using (var document = JsonDocument.Parse(entry.Bytes))
                {
                    var body = document.RootElement.GetProperty("body");
                    incidents[$"{body.GetProperty("capId").GetString()}/{body.GetProperty("incidentId").GetString()}"].IsUnanswered = true;
                }

                break;
        }
    }

    /// <summary>What the log says of an incident.</summary>
    private sealed class Seen
    {
        /// <summary>The webhook-id of each page, and its log and index.</summary>
        public List<(string Id, string Row)> Pages { get; } = [];

        public bool IsAcknowledged { get; set; }

        public bool IsUnanswered { get; set; }

        public int Late { get; set; }
    }
}
