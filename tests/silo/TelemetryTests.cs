using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Silo;

/// <summary>What a node sends to a collector: OTLP over HTTP, as protocol buffers (opentelemetry-proto, trace/v1/trace.proto).</summary>
public sealed class TelemetryTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly ConcurrentQueue<byte[]> traces = new(), metrics = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task One_trace_leads_from_the_gate_to_the_commit_and_names_the_incident()
    {
        var (collectorPort, apiPort, gatePort) = (Child.FreePort(), Child.FreePort(), Child.FreePort());
        await using var collector = await StartAsync(collectorPort);
        using var node = Child.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "caporleans.dll")], new Dictionary<string, string>
        {
            ["DATA_DIR"] = directory.File("data"),
            ["API_PORT"] = $"{apiPort}",
            ["GATE_PORT"] = $"{gatePort}",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{collectorPort}",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
            ["OTEL_TRACES_SAMPLER"] = "always_on",
        });
        await node.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
        var key = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key")));
        using var http = new HttpClient();
        using var kept = await http.PostAsync(
            new Uri($"http://127.0.0.1:{gatePort}/v1/incidents"), NodeFixture.Json(TestIncident.Signed(key, "SYS-CORE", "TRACED-1",
                TimeProvider.System.GetUtcNow())));
        Assert.Equal(HttpStatusCode.Accepted, kept.StatusCode);

        using var refused = await http.PostAsync(
            new Uri($"http://127.0.0.1:{apiPort}/v1/incidents"), NodeFixture.Json(TestIncident.Signed(key, "NOBODY", "I-1",
                TimeProvider.System.GetUtcNow())));
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);

        List<Span> spans = [];
        await Eventually.TrueAsync(() =>
        {
            spans = [.. traces.SelectMany(Spans)];
            return spans.Exists(span => span.Name == "gate.forward")
                && spans.Find(span => span.Name == "gate.forward")!.TraceId is var trace
                && spans.Exists(span => span.TraceId == trace && span.Name == "log.commit");
        });
        var forward = spans.Find(span => span.Name == "gate.forward")!;
        Assert.Contains("SYS-CORE/TRACED-1", forward.Text, StringComparison.Ordinal);
        Assert.Contains(spans, span => span.TraceId == forward.TraceId && span.Text.Contains("caporleans.incident_id",
            StringComparison.Ordinal) && span.Text.Contains("TRACED-1", StringComparison.Ordinal));
        foreach (var name in (string[])["incident.prove", "cap.accept", "log.commit"])
        {
            Assert.Contains(spans, span => span.TraceId == forward.TraceId && span.Name == name);
        }

        var scraped = await http.GetStringAsync(new Uri($"http://127.0.0.1:{apiPort}/metrics"));
        Assert.Contains("# TYPE caporleans_incidents_total counter", scraped, StringComparison.Ordinal);
        foreach (var line in (string[])
            [
                "caporleans_incidents_total{.*outcome=\"accepted\"} [1-9]", "caporleans_incidents_total{.*outcome=\"cap-unknown\"} 1",
                    "caporleans_log_entries{.*log=\"0\"} [1-9]",
                "caporleans_consumer_lag_entries{.*consumer=\"archive\",log=\"0\"} ",
                    "caporleans_consumer_waits{.*consumer=\"anchor\",log=\"0\"} ", "caporleans_anchor_conflict{.*} 0",
                "caporleans_log_commit_appends_count{.*log=\"0\"} [1-9]", "caporleans_log_commit_duration_seconds_sum{.*} ",
                "caporleans_gate_incidents_total{.*outcome=\"kept\"} 1", "caporleans_gate_forwarded_total{.*status=\"201\"} 1",
                    "caporleans_gate_waiting{.*} [0-9]",
                "caporleans_gate_disk_fault{.*} 0",
            ])
        {
            Assert.Matches($"(?m)^{line}", scraped);
        }

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri($"http://127.0.0.1:{gatePort}/metrics"))).StatusCode);
        foreach (var line in (string[])["http_server_request_duration_seconds_count{.*http_route=\"/v1/incidents\"", "orleans_",
            "dotnet_", "kestrel_"])
        {
            Assert.Matches($"(?m)^{line}", scraped);
        }

        await Eventually.TrueAsync(() => metrics.Any(sent => Encoding.Latin1.GetString(sent).Contains("caporleans.log.entries",
            StringComparison.Ordinal)));
        Assert.DoesNotContain(traces.Concat(metrics), sent => Encoding.Latin1.GetString(sent).Contains(File.ReadAllText(directory.File(
            "data/admin-token")).Trim(), StringComparison.Ordinal));
    }

    private async Task<WebApplication> StartAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        var app = builder.Build();
        app.MapPost("/v1/{kind}", async (string kind, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            (kind == "traces" ? traces : metrics).Enqueue(body.ToArray());
            return Results.Bytes([], "application/x-protobuf");
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>ExportTraceServiceRequest.resource_spans = 1, ResourceSpans.scope_spans = 2, ScopeSpans.spans = 2; of a span, trace_id = 1 and name = 5.</summary>
    private static IEnumerable<Span> Spans(byte[] request) =>
        from resource in Fields(request, 1)
        from scope in Fields(resource, 2)
        from span in Fields(scope, 2)
        select new Span(Convert.ToHexString(Fields(span, 1).Single()), Encoding.UTF8.GetString(Fields(span, 5).Single()),
            Encoding.Latin1.GetString(span));

    /// <summary>Returns the length-delimited fields of a message that have this number.</summary>
    private static List<byte[]> Fields(byte[] message, int number)
    {
        var found = new List<byte[]>();
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint();
            switch (tag & 7)
            {
                case 0:
                    Varint();
                    break;
                case 1:
                    at += 8;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    var length = (int)Varint();
                    if (tag >> 3 == number)
                    {
                        found.Add(message[at..(at + length)]);
                    }

                    at += length;
                    break;
            }

            long Varint()
            {
                long value = 0;
                for (var shift = 0; ; shift += 7)
                {
                    var next = message[at++];
                    value |= (long)(next & 0x7f) << shift;
                    if (next < 0x80)
                    {
                        return value;
                    }
                }
            }
        }

        return found;
    }

    private sealed record Span(string TraceId, string Name, string Text);
}
