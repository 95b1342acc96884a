using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CapOrleans.Tests.Api;

/// <summary>Many incidents in one request: each line gets a verdict of its own.</summary>
[Collection(NodeCollection.Name)]
public sealed class BatchTests(NodeFixture node)
{
    [Fact]
    public async Task Every_line_gets_its_verdict_in_the_order_sent()
    {
        var (first, second, forged) = (node.Incident(), node.Incident(), node.Incident());
        forged["agent"] = "somebody.else";
        var stranger = TestIncident.Signed(node.Reporter, "NOBODY", "S-1", TimeProvider.System.GetUtcNow());
        var verdicts = await PostAsync([Line(first), "{\"task_id\":", Line(forged), "", Line(stranger), Line(second), Line(first)]);

        var statuses = verdicts.Select(verdict => verdict.GetProperty("status").GetInt32()).ToList();
        Assert.Equal([400, 403, 400, 404, 201], statuses[1..6]);
        Assert.Equal([200, 201], new[] { statuses[0], statuses[6] }.Order()); // either of two identical lines may be first
        Assert.Equal(Enumerable.Range(1, 7), verdicts.Select(verdict => verdict.GetProperty("line").GetInt32()));
        Assert.Equal(verdicts[0].GetProperty("incident").GetRawText(), verdicts[6].GetProperty("incident").GetRawText());
        Assert.Equal("signature", verdicts[2].GetProperty("problem").Text("field"));
        foreach (var (incident, verdict) in new[] { (first, verdicts[0]), (second, verdicts[5]) })
        {
            var view = JsonElement.Parse(await node.Api.GetStringAsync($"/v1/incidents/SYS-CORE/{incident["task_id"]}"));
            Assert.Equal(verdict.GetProperty("incident").GetProperty("log").GetRawText(), view.GetProperty("log").GetRawText());
        }
    }

    [Fact]
    public async Task Lines_of_one_CapID_enter_the_log_in_the_order_sent_even_while_its_context_changes()
    {
        string[] capIds = ["BATCH-ORDER-1", "BATCH-ORDER-2"];
        var keys = await Task.WhenAll(capIds.Select(capId => node.RegisterAsync(capId)));
        var lines = Enumerable.Range(0, 400).Select(i => TestIncident.Signed(keys[i % 2], capIds[i % 2], $"O-{i}", TimeProvider.System.GetUtcNow()).ToJsonString()).ToList();
        var changes = Task.WhenAll(Enumerable.Range(1, 10).Select(phi => node.Operator.PutAsJsonAsync($"/v1/caps/{capIds[0]}", new { phi })));
        var verdicts = await PostAsync(lines);
        Assert.All(await changes, changed => Assert.Equal(HttpStatusCode.OK, changed.StatusCode));
        for (var i = 0; i < 2; i++)
        {
            var places = verdicts.Where((_, number) => number % 2 == i).Select(verdict => verdict.GetProperty("incident").GetProperty("log").GetProperty("index").GetInt64()).ToList();
            Assert.Equal(200, places.Count);
            Assert.Equal(places.Order(), places);
        }
    }

    [Fact]
    public async Task Other_content_under_a_used_id_is_refused_and_the_other_lines_are_accepted()
    {
        var (first, fresh) = (node.Incident(), node.Incident());
        var changed = first.DeepClone().AsObject();
        changed["description"] = "changed";
        var verdicts = await PostAsync([Line(first), Line(changed), Line(fresh)]);
        Assert.Equal([201, 201, 409], verdicts.Select(verdict => verdict.GetProperty("status").GetInt32()).Order()); // either of the two may win
        Assert.Equal(201, verdicts[2].GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Many_spellings_of_one_incident_are_each_answered_and_hold_up_no_other_of_its_CapID()
    {
        var (captured, next) = (node.Incident(), node.Incident());
        var spellings = Enumerable.Range(0, 400).Select(i =>
        {
            var spelling = captured.DeepClone().AsObject();
            spelling["description"] = $"changed on the way {i}";
            return Line(spelling);
        });
        var verdicts = await PostAsync([Line(captured), .. spellings, Line(next)]);
        Assert.Equal((201, 201), (verdicts[0].GetProperty("status").GetInt32(), verdicts[401].GetProperty("status").GetInt32()));
        Assert.All(verdicts[1..401], verdict => Assert.Equal(409, verdict.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task Many_concurrent_reports_of_one_incident_are_each_answered()
    {
        var (incident, forged) = (node.Incident(), node.Incident());
        forged["agent"] = "somebody.else";
        for (var round = 0; round < 10; round++)
        {
            var statuses = await Task.WhenAll(Enumerable.Range(0, 64).Select(async i =>
            {
                using var body = new StringContent(Line(i % 2 == 0 ? incident : forged), Encoding.UTF8, "application/json");
                using var answer = await node.Api.PostAsync("/v1/incidents", body);
                return (int)answer.StatusCode;
            }));
            Assert.Equal(32, statuses.Count(status => status is 200 or 201));
            Assert.Equal(32, statuses.Count(status => status == 403));
        }
    }

    [Fact]
    public async Task Five_hundred_lines_are_taken_and_one_more_is_not()
    {
        var lines = Enumerable.Range(0, 501).Select(_ => Line(node.Incident())).ToList();
        Assert.All(await PostAsync(lines.Take(500)), verdict => Assert.Equal(201, verdict.GetProperty("status").GetInt32()));
        using var refused = await SendAsync(string.Join('\n', lines));
        Assert.Equal((HttpStatusCode.BadRequest, "urn:caporleans:problem:line-count"), (refused.StatusCode, await TypeAsync(refused)));
        var unsent = JsonElement.Parse(lines[500]);
        using var stored = await node.Api.GetAsync($"/v1/incidents/{unsent.Text("cap_id")}/{unsent.Text("task_id")}");
        Assert.Equal(HttpStatusCode.NotFound, stored.StatusCode); // nothing of a refused request is stored
    }

    [Theory]
    [InlineData("", HttpStatusCode.BadRequest, "line-count")]
    [InlineData(null, HttpStatusCode.RequestEntityTooLarge, "too-large")]
    public async Task A_malformed_batch_is_refused_as_a_whole(string? body, HttpStatusCode status, string type)
    {
        using var refused = await SendAsync(body ?? new string('\n', (1024 * 1024) + 1));
        Assert.Equal((status, $"urn:caporleans:problem:{type}"), (refused.StatusCode, await TypeAsync(refused)));
    }

    [Fact]
    public async Task Slow_batches_from_four_addresses_do_not_keep_others_out()
    {
        var slow = new List<System.Net.Sockets.Socket>();
        try
        {
            for (var i = 0; i < 128; i++)
            {
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                slow.Add(socket);
                socket.Bind(new IPEndPoint(IPAddress.Parse($"127.0.0.{2 + (i / 32)}"), 0));
                await socket.ConnectAsync(IPAddress.Loopback, node.Api.BaseAddress!.Port);
                await socket.SendAsync("POST /v1/incidents:batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n"u8.ToArray());
                var answer = new byte[64];
                Assert.NotEqual(0, await socket.ReceiveAsync(answer)); // 100 Continue: the server waits for the body, so the slot is taken
            }

            for (var i = 0; i < 5; i++)
            {
                using var taken = await SendAsync(Line(node.Incident()));
                Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
            }
        }
        finally
        {
            slow.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Endless_bodies_take_no_more_than_their_slots()
    {
        var port = node.Api.BaseAddress!.Port;
        var stalled = new List<System.Net.Sockets.TcpClient>();
        try
        {
            // More than 32, until one is refused: the server drops those that send nothing for five seconds.
            await Eventually.TrueAsync(async () =>
            {
                do
                {
                    var client = new System.Net.Sockets.TcpClient();
                    stalled.Add(client);
                    await client.ConnectAsync(IPAddress.Loopback, port);
                    await client.GetStream().WriteAsync("POST /v1/incidents:batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n{"u8.ToArray());
                }
                while (stalled.Count < 32);

                using var refused = await SendAsync(Line(node.Incident()));
                return refused is { StatusCode: HttpStatusCode.TooManyRequests, Headers.RetryAfter: not null };
            });
        }
        finally
        {
            stalled.ForEach(client => client.Dispose());
        }

        await Eventually.TrueAsync(async () =>
        {
            using var taken = await SendAsync(Line(node.Incident()));
            return taken.StatusCode == HttpStatusCode.OK;
        });
    }

    [Fact]
    public async Task The_gate_answers_each_by_itself_and_all_arrive()
    {
        var incidents = Enumerable.Range(0, 60).Select(_ => node.Incident()).ToList();
        incidents[7]["cap_id"] = "NOBODY"; // breaks the signature
        var answers = await Task.WhenAll(incidents.Select(async (incident, i) =>
        {
            var pretty = Encoding.UTF8.GetBytes(incident.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            using var answer = await node.Gate.PostAsync("/gate_receive", NodeFixture.Json(pretty));
            return (int)answer.StatusCode;
        }));
        Assert.Equal(403, answers[7]);
        Assert.Equal(59, answers.Count(status => status == 200));
        foreach (var incident in incidents.Where((_, i) => i != 7))
        {
            await Eventually.TrueAsync(async () => (await node.Api.GetAsync($"/v1/incidents/SYS-CORE/{incident["task_id"]}")).IsSuccessStatusCode);
        }
    }

    private static string Line(JsonObject incident) => Encoding.UTF8.GetString(incident.Bytes());

    private async Task<List<JsonElement>> PostAsync(IEnumerable<string> lines)
    {
        using var answer = await SendAsync(string.Join('\n', lines) + "\n");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync();
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];
    }

    private async Task<HttpResponseMessage> SendAsync(string body)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        return await node.Api.PostAsync("/v1/incidents:batch", content);
    }

    private static async Task<string> TypeAsync(HttpResponseMessage answer) =>
        JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("type");
}
