using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace CapOrleans.Tests.Api.Integrations;

/// <summary>Alerts of Prometheus Alertmanager, from a real one.</summary>
[Collection(NodeCollection.Name)]
public sealed class AlertmanagerTests(NodeFixture node) : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [AlertmanagerFact]
    public async Task An_alert_is_one_incident_until_it_is_resolved_by_webhook_and_as_a_PagerDuty_event()
    {
        await node.RegisterAsync("AM-1");
        await node.RegisterAsync("AM-2");
        using var alertmanager = await StartAsync(await KeyAsync("AM-1"), await KeyAsync("AM-2"));
        using var http = new HttpClient { BaseAddress = alertmanager.Url };
        var started = TimeProvider.System.GetUtcNow();
        await PostAsync(http, started, null);
        var byWebhook = await IncidentAsync("AM-1", "open");
        Assert.Equal(
            ("unverified", "critical", "db-1:9100", "Disk is full\nsince an hour", "prometheus"),
            (byWebhook.Text("scheme"), byWebhook.Text("severity"), byWebhook.Text("agent"), byWebhook.Text("description"),
                byWebhook.GetProperty("integration").Text("name")));
        Assert.Equal((0m, JsonValueKind.Null), (byWebhook.GetProperty("deltaCap").GetDecimal(), byWebhook.GetProperty("signer").ValueKind));
        var byEvent = await IncidentAsync("AM-2", "open");
        Assert.Equal(("critical", true), (byEvent.Text("severity"), byEvent.GetProperty("group").GetProperty("isNew").GetBoolean()));

        await PostAsync(http, started, TimeProvider.System.GetUtcNow());
        Assert.Equal(byWebhook.Text("incidentId"), (await IncidentAsync("AM-1", "resolved")).Text("incidentId"));
        var resolved = await IncidentAsync("AM-2", "resolved");
        Assert.StartsWith("integration:", resolved.GetProperty("updates")[0].Text("by"), StringComparison.Ordinal);
        Assert.Equal(0m, (await node.AnswerAsync(HttpMethod.Get, "/v1/caps/AM-1", HttpStatusCode.OK)).GetProperty("score").GetDecimal());
    }

    private async Task<string> KeyAsync(string capId) => (await node.AnswerAsync(
        HttpMethod.Post, "/v1/integrations", HttpStatusCode.Created, new { name = "prometheus", capId })).Text("key");

    private async Task<Alertmanager> StartAsync(string webhookKey, string eventKey)
    {
        await File.WriteAllTextAsync(directory.File("key"), webhookKey);
        await File.WriteAllTextAsync(directory.File("alertmanager.yml"),
            $$"""
            route: { receiver: ours, group_by: [alertname], group_wait: 0s, group_interval: 1s }
            receivers:
              - name: ours
                webhook_configs:
                  - url: {{new Uri(node.Api.BaseAddress!, "/v1/in/alertmanager")}}
                    http_config: { authorization: { credentials_file: {{directory.File("key")}} } }
                pagerduty_configs:
                  - url: {{new Uri(node.Api.BaseAddress!, "/v2/enqueue")}}
                    routing_key: {{eventKey}}
                    severity: '{% raw %}'
            """.Replace("'{% raw %}'", "'{{ .CommonLabels.severity }}'", StringComparison.Ordinal));
        return await Alertmanager.StartAsync(directory);
    }

    private static async Task PostAsync(HttpClient http, DateTimeOffset startsAt, DateTimeOffset? endsAt)
    {
        using var answer = await http.PostAsJsonAsync("/api/v2/alerts", new[]
        {
            new
            {
                labels = new Dictionary<string, string> { ["alertname"] = "DiskFull", ["instance"] = "db-1:9100",
                    ["severity"] = "critical" },
                annotations = new Dictionary<string, string> { ["summary"] = "Disk is full", ["description"] = "since an hour" },
                startsAt,
                endsAt = endsAt ?? startsAt.AddHours(1),
            },
        });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    /// <returns>The only incident of the CapID, once it has this state.</returns>
    private async Task<JsonElement> IncidentAsync(string capId, string state)
    {
        JsonElement found = default;
        await Eventually.TrueAsync(async () =>
        {
            var page = await node.AnswerAsync(HttpMethod.Get, $"/v1/incidents?cap={capId}", HttpStatusCode.OK);
            found = page.GetProperty("items").EnumerateArray().SingleOrDefault();
            return found.ValueKind == JsonValueKind.Object && found.Text("state") == state;
        });
        return found;
    }

    /// <summary>A real Alertmanager, with no cluster.</summary>
    private sealed class Alertmanager(Child process, Uri url) : IDisposable
    {
        public Uri Url => url;

        public static async Task<Alertmanager> StartAsync(TempDirectory directory)
        {
            var port = Child.FreePort();
            var process = Child.Start(AlertmanagerFactAttribute.Program,
            [
                $"--config.file={directory.File("alertmanager.yml")}", $"--storage.path={directory.File("alerts")}",
                $"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
            ]);
            await process.LineAsync("Listening on", TimeSpan.FromSeconds(60));
            return new Alertmanager(process, new Uri($"http://127.0.0.1:{port}"));
        }

        public void Dispose()
        {
            process.Kill9();
            process.Dispose();
        }
    }
}
