using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Api.Streams;

/// <summary>
/// A client of the stream misses nothing and sees nothing twice, however often the connection breaks.
/// </summary>
[Collection(NodeCollection.Name)]
public sealed class StreamTests(NodeFixture node)
{
    private const int Batches = 20, PerBatch = 500;

    [Fact]
    public async Task Ten_thousand_incidents_over_ten_interruptions_come_once_each_in_the_order_of_their_logs()
    {
        string[] capIds = ["STREAM-A", "STREAM-B", "STREAM-C"];
        var keys = new List<PrivateKey>();
        foreach (var capId in capIds)
        {
            keys.Add(await node.RegisterAsync(capId));
            using var policy = await node.Operator.PostAsync($"/v1/caps/{capId}/changes", NodeFixture.Json("""{"change":{"policy":{"reportsPerMinute":6000000}}}"""u8.ToArray()));
            Assert.Equal(HttpStatusCode.OK, policy.StatusCode);
        }

        var position = await PositionAsync();
        var sending = SendAllAsync(capIds, keys);
        var (seen, interruptions) = (new List<(string Id, long Index)>(), 0);
        while (seen.Count < Batches * PerBatch)
        {
            var until = interruptions < 10 ? seen.Count + (Batches * PerBatch / 12) : Batches * PerBatch;
            await foreach (var one in OpenAsync("/v1/incidents/stream?cap=STREAM-*", position))
            {
                if (one.EventType == "incident.accepted")
                {
                    var incident = JsonElement.Parse(one.Data);
                    seen.Add(($"{incident.Text("capId")}/{incident.Text("incidentId")}", incident.GetProperty("log").GetProperty(
                        "index").GetInt64()));
                }

                position = one.EventId;
                if (seen.Count >= until)
                {
                    break;
                }
            }

            interruptions++;
        }

        var sent = await sending;
        Assert.Equal(11, interruptions);
        Assert.Equal(sent.Order(StringComparer.Ordinal), seen.Select(one => one.Id).Order(StringComparer.Ordinal));
        foreach (var ofOneCap in seen.GroupBy(one => one.Id.Split('/')[0]))
        {
            Assert.Equal(ofOneCap.Select(one => one.Index).Order(), ofOneCap.Select(one => one.Index));
        }
    }

    [Fact]
    public async Task An_update_is_an_event_with_the_incident_s_state_at_that_time()
    {
        var key = await node.RegisterAsync("STREAM-UPDATE");
        var position = await PositionAsync();
        using var sent = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(
            key, "STREAM-UPDATE", "U-1", TimeProvider.System.GetUtcNow(), one => one["severity"] = "high")));
        Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
        using var resolved = await node.Operator.PostAsJsonAsync("/v1/incidents/STREAM-UPDATE/U-1/resolve", new { note = "done" });
        Assert.Equal(HttpStatusCode.OK, resolved.StatusCode);

        var events = await TakeAsync("/v1/incidents/stream?cap=STREAM-UPDATE&minSeverity=high", position, 2);
        Assert.Equal(["incident.accepted", "incident.resolved"], events.Select(one => one.EventType));
        var shown = JsonElement.Parse(await node.Api.GetStringAsync("/v1/incidents/STREAM-UPDATE/U-1"));
        Assert.Equal(shown.GetProperty("updates").GetRawText(), JsonElement.Parse(events[1].Data).GetProperty("updates").GetRawText());
        Assert.Equal("resolved", JsonElement.Parse(events[1].Data).Text("state"));
    }

    [Fact]
    public async Task Successive_updates_of_one_incident_count_once()
    {
        var key = await node.RegisterAsync("STREAM-ROW");
        var position = await PositionAsync();
        using var sent = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(
            key, "STREAM-ROW", "R-1", TimeProvider.System.GetUtcNow())));
        Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
        for (var i = 0; i < 4; i++)
        {
            using var said = await node.Operator.PostAsJsonAsync("/v1/incidents/STREAM-ROW/R-1/response", new { note = $"note {i}" });
            Assert.Equal(HttpStatusCode.OK, said.StatusCode);
        }

        using var corrected = await node.Operator.PostAsJsonAsync("/v1/caps/STREAM-ROW/corrections",
            new { incidentId = "R-1", deltaCap = 0, reason = "recounted" });
        Assert.Equal(HttpStatusCode.OK, corrected.StatusCode);
        var events = (await TakeAsync("/v1/incidents/stream?cap=STREAM-ROW", position, 5)).ConvertAll(one => JsonElement.Parse(one.Data));
        Assert.All(events, one => Assert.Equal((4, 1), (one.GetProperty("updateCount").GetInt32(), one.GetProperty("corrections").GetArrayLength())));
        Assert.Equal(["note 0", "note 1", "note 2", "note 3"], events.Skip(1).Select(one => one.GetProperty("updates")[0].Text("note")));
    }

    [Fact]
    public async Task A_filter_leaves_out_what_is_not_wanted()
    {
        var key = await node.RegisterAsync("STREAM-FILTER");
        var position = await PositionAsync();
        foreach (var (id, severity) in new[] { ("F-1", "normal"), ("F-2", "critical"), ("F-3", "high"), ("F-4", "critical") })
        {
            using var sent = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(TestIncident.Signed(
                key, "STREAM-FILTER", id, TimeProvider.System.GetUtcNow(), one => one["severity"] = severity)));
            Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
        }

        var events = await TakeAsync("/v1/incidents/stream?cap=*FILTER&severity=critical", position, 2);
        Assert.Equal(["F-2", "F-4"], events.Select(one => JsonElement.Parse(one.Data).Text("incidentId")));
    }

    [Fact]
    public async Task A_log_s_entries_are_followed_from_any_of_them_as_they_are_paged()
    {
        var page = (await node.Api.GetFromJsonAsync<JsonElement>("/v1/audit?log=1&limit=30")).GetProperty(
            "items").EnumerateArray().ToList();
        var events = await TakeAsync("/v1/audit/stream?log=1&after=-1", null, page.Count);
        Assert.Equal(page.Select(entry => entry.GetRawText()), events.Select(one => one.Data));
        Assert.Equal(page.Select(entry => entry.Text("kind")), events.Select(one => one.EventType));
        Assert.Equal(page.Select(entry => $"{entry.GetProperty("index").GetInt64()}"), events.Select(one => one.EventId));

        var rest = await TakeAsync("/v1/audit/stream?log=1", events[4].EventId, page.Count - 5);
        Assert.Equal(events.Skip(5).Select(one => one.EventId), rest.Select(one => one.EventId));
        var kind = page[^1].Text("kind");
        Assert.Equal(kind, (await TakeAsync($"/v1/audit/stream?log=1&after=-1&kind={kind}", null, 1)).Single().EventType);
    }

    [Theory]
    [InlineData("/v1/incidents/stream?after=x", null, 400, "after")]
    [InlineData("/v1/incidents/stream?after=1", null, 400, "after")]
    [InlineData("/v1/incidents/stream?after=1,2,3", null, 400, "after")]
    [InlineData("/v1/incidents/stream?after=0,-2", null, 400, "after")]
    [InlineData("/v1/incidents/stream", "0,99999999", 400, "Last-Event-ID")]
    [InlineData("/v1/incidents/stream?severity=hot", null, 400, "severity")]
    [InlineData("/v1/incidents/stream?from=2026-01-01", null, 400, "from")]
    [InlineData("/v1/audit/stream?after=99999999", null, 400, "after")]
    [InlineData("/v1/audit/stream?kind=incident.made", null, 400, "kind")]
    [InlineData("/v1/audit/stream?log=2", null, 404, "log")]
    public async Task An_invalid_request_is_refused_by_name(string path, string? lastEventId, int status, string field)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        using var answer = await node.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(field, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("field"));
    }

    [Fact]
    public async Task One_address_has_a_bounded_number_of_streams()
    {
        var open = new List<HttpResponseMessage>();
        while (open.Count < 16)
        {
            open.Add(await ConnectAsync("/v1/audit/stream", null));
        }

        using var refused = await node.Api.GetAsync("/v1/audit/stream", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        open.ForEach(one => one.Dispose());
        using var again = await ConnectAsync("/v1/audit/stream", null);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    private async Task<List<string>> SendAllAsync(string[] capIds, List<PrivateKey> keys)
    {
        var sent = new List<string>();
        for (var batch = 0; batch < Batches; batch++)
        {
            var lines = new StringBuilder();
            for (var line = 0; line < PerBatch; line++)
            {
                var (of, id) = (line % capIds.Length, string.Create(CultureInfo.InvariantCulture, $"S-{batch}-{line}"));
                lines.Append(TestIncident.Signed(keys[of], capIds[of], id, TimeProvider.System.GetUtcNow()).ToJsonString()).Append('\n');
                sent.Add($"{capIds[of]}/{id}");
            }

            using var body = new StringContent($"{lines}", Encoding.UTF8, "application/x-ndjson");
            using var answer = await node.Api.PostAsync("/v1/incidents:batch", body);
            var statuses = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonElement.Parse(line).GetProperty("status").GetInt32());
            Assert.All(statuses, status => Assert.Equal(201, status));
        }

        return sent;
    }

    /// <summary>Returns the position at which a stream opened now begins.</summary>
    private async Task<string?> PositionAsync()
    {
        await foreach (var one in OpenAsync("/v1/incidents/stream", null))
        {
            Assert.Equal(("heartbeat", ""), (one.EventType, one.Data));
            return one.EventId;
        }

        throw new InvalidOperationException("The stream is empty.");
    }

    private async Task<List<SseItem<string>>> TakeAsync(string path, string? lastEventId, int count)
    {
        var taken = new List<SseItem<string>>();
        await foreach (var one in OpenAsync(path, lastEventId))
        {
            if (one.EventType != "heartbeat")
            {
                taken.Add(one);
            }

            if (taken.Count == count)
            {
                break;
            }
        }

        return taken;
    }

    /// <summary>Opens a stream; a stream that was left may hold its slot until the connection is closed.</summary>
    private async Task<HttpResponseMessage> ConnectAsync(string path, string? lastEventId)
    {
        HttpResponseMessage? answer = null;
        await Eventually.TrueAsync(async () =>
        {
            answer?.Dispose();
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
            answer = await node.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            return answer.StatusCode != HttpStatusCode.ServiceUnavailable;
        });
        return answer!;
    }

    private async IAsyncEnumerable<SseItem<string>> OpenAsync(string path, string? lastEventId)
    {
        using var answer = await ConnectAsync(path, lastEventId);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        await foreach (var one in SseParser.Create(stream).EnumerateAsync(timeout.Token))
        {
            yield return one;
        }
    }
}
