using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Gates;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Presence;

/// <summary>Tells the cluster, signed, that the gate is there and what waits in it; a cluster that hears nothing says so in its log.</summary>
internal sealed partial class Heartbeats(HttpClient http, ClusterLink cluster, IncidentSpool spool, GateOptions options, TimeProvider time, ILogger<Heartbeats> logger) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What kept the last one from being heard; null when nothing did.</summary>
    public string? Trouble { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(SignedHeartbeat.Interval, time);
        do
        {
            var trouble = await SendAsync(stoppingToken);
            if (trouble is not null && Trouble is null)
            {
                LogTrouble(trouble);
            }

            Trouble = trouble;
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <returns>What kept it from being heard.</returns>
    private async Task<string?> SendAsync(CancellationToken stoppingToken)
    {
        var api = cluster.Api;
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stoppingToken);
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(api, $"/v1/gates/{options.Identity.Name}/heartbeats")) { Content = Body() };
            request.Headers.Authorization = options.ApiKey() is { } key ? new AuthenticationHeaderValue("Bearer", key) : null;
            using var answer = await http.SendAsync(request, either.Token);
            return answer.IsSuccessStatusCode ? null : $"{api} does not hear this gate: {await ReasonAsync(answer, either.Token)}";
        }
        catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
        {
            return $"{api} does not hear this gate: {fault.Message}";
        }
    }

    private ByteArrayContent Body()
    {
        var (counts, timestamp) = (spool.Count(), time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
        var signature = options.Identity.Key.Sign(SignedHeartbeat.Hash(options.Identity.Name, timestamp, counts.Waiting, counts.Dead));
        var body = new JsonObject { ["timestamp"] = timestamp, ["waiting"] = counts.Waiting, ["dead"] = counts.Dead, ["signature"] = $"{signature}" };
        var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body.ToJsonString()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            var problem = JsonNode.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
            return $"{(int)answer.StatusCode} {problem?["rule"]}";
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or ArgumentException)
        {
            return $"{(int)answer.StatusCode}";
        }
    }

    [LoggerMessage(540, LogLevel.Warning, "{Trouble}")]
    private partial void LogTrouble(string trouble);
}
