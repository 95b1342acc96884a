using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Api;

/// <summary>Bad input gets a 4xx problem that names the field and the rule; nothing of it is stored.</summary>
[Collection(NodeCollection.Name)]
public sealed class BadInputTests(NodeFixture node)
{
    public static TheoryData<string, string> Signatures => Vectors.Cases("personal_sign.json", "invalid");

    [Theory]
    [InlineData("empty", "", "", 400)]
    [InlineData("truncated", "{\"task_id\":\"T\"", "", 400)]
    [InlineData("duplicate key", "{\"task_id\":\"T\",\"task_id\":\"U\"}", "", 400)]
    [InlineData("NaN", "{\"f_e\":NaN}", "", 400)]
    [InlineData("an array", "[]", "", 400)]
    [InlineData("invalid UTF-8", "\uFFFF", "", 400)]
    [InlineData("lone surrogate", "{\"task_id\":\"\\ud800\"}", "", 400)]
    public async Task A_body_that_is_not_a_JSON_object_is_refused(string what, string body, string field, int status)
    {
        var bytes = what == "invalid UTF-8" ? [(byte)'"', 0xFF, (byte)'"'] : Encoding.UTF8.GetBytes(body);
        await RefusedAsync(bytes, status, field);
    }

    [Fact]
    public async Task Whatever_is_in_a_path_no_operation_fails()
    {
        using var document = JsonDocument.Parse(await node.Operator.GetStringAsync("/openapi/v1.json"));
        foreach (var path in document.RootElement.GetProperty("paths").EnumerateObject()
            .Where(path => path.Name.Contains('{', StringComparison.Ordinal) && !path.Name.EndsWith("/stream", StringComparison.Ordinal)))
        {
            foreach (var value in (string[])["%20", "%00", "%2e%2e", "%2f", "%E2%80%AE", "%ED%A0%80", "a%0d%0ab", new string('x', 4000)])
            {
                var url = Regex.Replace(path.Name, @"\{\w+\}", value);
                foreach (var method in path.Value.EnumerateObject().Select(operation => operation.Name).Where(name => name != "parameters"))
                {
                    using var request = new HttpRequestMessage(new HttpMethod(method.ToUpperInvariant()), url);
                    request.Content = method == "get" ? null : NodeFixture.Json("{}"u8.ToArray());
                    using var answer = await node.Operator.SendAsync(request);
                    Assert.True((int)answer.StatusCode is >= 200 and < 500, $"{method} {url}: {answer.StatusCode}");
                }
            }
        }
    }

    [Fact]
    public async Task Half_of_a_surrogate_pair_fails_no_operation_that_reads_a_body()
    {
        using var document = JsonDocument.Parse(await node.Operator.GetStringAsync("/openapi/v1.json"));
        var paths = document.RootElement.GetProperty("paths").EnumerateObject();
        foreach (var operation in paths.SelectMany(path => path.Value.EnumerateObject()
            .Where(operation => operation.Value.ValueKind == JsonValueKind.Object && operation.Value.TryGetProperty("requestBody", out _))
            .Select(operation => (Method: operation.Name, Url: path.Name.Replace('{', 'x').Replace('}', 'x')))))
        {
            foreach (var text in (string[])["""{"routing_key":"\ud800"}""", """{"\uDFFF":1}""", """[{"a":["\uD800\u0041"]}]"""])
            {
                using var request = new HttpRequestMessage(new HttpMethod(operation.Method.ToUpperInvariant()), operation.Url);
                request.Content = NodeFixture.Json(Encoding.UTF8.GetBytes(text));
                using var answer = await node.Operator.SendAsync(request);
                Assert.True((int)answer.StatusCode < 500, $"{operation}: {answer.StatusCode} to {text}");
            }
        }
    }

    [Theory]
    [InlineData("task_id", "7")]
    [InlineData("task_id", "\"a|b\"")]
    [InlineData("task_id", "\"a/b\"")]
    [InlineData("cap_id", "\"a|b\"")]
    [InlineData("agent", "\"a|b\"")]
    [InlineData("agent", "null")]
    [InlineData("timestamp", "\"soon\"")]
    [InlineData("severity", "[]")]
    [InlineData("description", "1")]
    [InlineData("f_e", "2")]
    [InlineData("m_e", "-1")]
    [InlineData("signer", "\"0x0\"")]
    public async Task A_member_that_breaks_its_rule_is_named(string field, string value)
    {
        var incident = node.Incident();
        incident[field] = JsonNode.Parse(value);
        await RefusedAsync(incident.Bytes(), 400, field);
    }

    [Theory]
    [InlineData("""{"capPotential":"50"}""", "capPotential", "a number, not in quotes")]
    [InlineData("""{"potential":50}""", "potential", "unknown member; use one of displayName, ")]
    [InlineData("""{"keys":"0xaa"}""", "keys", "a list")]
    [InlineData("""{"keys":[{"address":7}]}""", "keys[0].address", "text, in quotes")]
    [InlineData("""{"keys":[7]}""", "keys[0]", "an object")]
    [InlineData("""{"policy":{"reportsPerMinute":"many"}}""", "policy.reportsPerMinute", "a whole number, not in quotes")]
    public async Task A_member_of_the_wrong_type_is_named_with_the_type_it_has(string body, string field, string rule)
    {
        using var answer = await node.Operator.PutAsync("/v1/caps/WRONG-TYPE", NodeFixture.Json(Encoding.UTF8.GetBytes(body)));
        var problem = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal((HttpStatusCode.BadRequest, field), (answer.StatusCode, problem.Text("field")));
        Assert.StartsWith(rule, problem.Text("rule"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Signatures))]
    public async Task A_malformed_signature_is_refused(string name, string json)
    {
        var vector = JsonElement.Parse(json);
        var incident = node.Incident();
        incident["signature"] = vector.Text("signature");
        var status = await PostAsync(incident.Bytes());
        Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden, $"{name}: {status}");
        using var read = await node.Api.GetAsync($"/v1/incidents/SYS-CORE/{incident["task_id"]}");
        Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
    }

    [Fact]
    public async Task Sixty_five_garbage_bytes_never_abort_the_process()
    {
        var random = new Random(7);
        for (var i = 0; i < 300; i++)
        {
            var garbage = new byte[65];
            random.NextBytes(garbage);
            garbage[64] = (byte)i;
            var incident = node.Incident();
            incident["signature"] = "0x" + Convert.ToHexString(garbage);
            Assert.True(await PostAsync(incident.Bytes()) is HttpStatusCode.BadRequest or HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public async Task An_unknown_CapID_is_404() =>
        await RefusedAsync(TestIncident.Signed(node.Reporter, "NOBODY", "T-1", TimeProvider.System.GetUtcNow()).Bytes(), 404, "cap_id");

    [Fact]
    public async Task A_stranger_s_key_is_403() =>
        await RefusedAsync(TestIncident.Signed(PrivateKey.Create(), "SYS-CORE", "T-stranger", TimeProvider.System.GetUtcNow()).Bytes(), 403, "signature");

    [Fact]
    public async Task An_unsigned_incident_is_403_on_both_calls()
    {
        var incident = node.Incident();
        incident.Remove("signature");
        await RefusedAsync(incident.Bytes(), 403, "signature");
        await RefusedAsync(incident.Bytes(), 403, "signature", "/incident");
    }

    [Theory]
    [InlineData(-8)]
    [InlineData(1)]
    public async Task A_timestamp_far_off_is_400(int days) => await RefusedAsync(
        TestIncident.Signed(node.Reporter, "SYS-CORE", $"T-clock{days}", TimeProvider.System.GetUtcNow().AddDays(days)).Bytes(), 400, "timestamp");

    [Fact]
    public async Task The_same_content_again_gives_the_same_receipt_and_other_content_a_conflict()
    {
        var incident = node.Incident();
        using var first = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        using var again = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.StatusCode, again.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        incident["description"] = "other";
        await RefusedAsync(incident.Bytes(), 409, "task_id");
    }

    [Fact]
    public async Task What_was_accepted_keeps_its_receipt_after_its_key_was_revoked()
    {
        var key = await node.RegisterAsync("ROTATED");
        var incident = TestIncident.Signed(key, "ROTATED", "T-1", TimeProvider.System.GetUtcNow());
        using var first = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        using var rotated = await node.Operator.PutAsync("/v1/caps/ROTATED", NodeFixture.Json(JsonNode.Parse(
            $$"""{"keys":[{"address":"{{PrivateKey.Create().Address}}"}]}""")!.AsObject()));
        Assert.Equal(HttpStatusCode.OK, rotated.StatusCode);
        using var again = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        await RefusedAsync(TestIncident.Signed(key, "ROTATED", "T-2", TimeProvider.System.GetUtcNow()).Bytes(), 403, "signature");
    }

    [Fact]
    public async Task Concurrent_identical_reports_get_one_receipt_and_differing_ones_have_one_winner()
    {
        var incident = node.Incident();
        var same = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident))));
        Assert.Single(same, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(49, same.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Single((await Task.WhenAll(same.Select(answer => answer.Content.ReadAsStringAsync()))).Distinct());

        var id = $"{incident["task_id"]}-differs";
        var differ = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => node.Api.PostAsync("/v1/incidents", NodeFixture.Json(
            node.Incident(members => (members["task_id"], members["description"]) = (id, $"{i}"))))));
        Assert.Single(differ, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(49, differ.Count(answer => answer.StatusCode == HttpStatusCode.Conflict));
    }

    [Theory]
    [InlineData("Origin", "https://elsewhere.example", "Origin")]
    [InlineData("Sec-Fetch-Site", "cross-site", "Origin")]
    [InlineData("Host", "elsewhere.example", "Host")]
    public async Task A_page_of_another_site_cannot_act_for_an_operator(string header, string value, string field)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/register_alert") { Content = NodeFixture.Json(new JsonObject { ["url"] = "http://127.0.0.1:1/" }) };
        request.Headers.TryAddWithoutValidation(header, value);
        using var answer = await node.Api.SendAsync(request);
        Assert.Equal((HttpStatusCode.Forbidden, field), (answer.StatusCode, (await ProblemAsync(answer)).Text("field")));

        using var retry = new HttpRequestMessage(HttpMethod.Post, "/v1/gate/dead/1/retry");
        retry.Headers.TryAddWithoutValidation(header, value);
        using var atTheGate = await node.Gate.SendAsync(retry);
        Assert.Equal(field == "Host" ? HttpStatusCode.Unauthorized : HttpStatusCode.Forbidden, atTheGate.StatusCode);
    }

    [Theory]
    [InlineData("Origin", "https://elsewhere.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task A_page_of_another_site_reads_nothing_that_is_open_to_this_machine(string header, string value)
    {
        foreach (var (front, path) in new[] { (node.Api, "/v1/incidents"), (node.Api, "/v1/limits"), (node.Gate, "/v1/gate/status"), (node.Gate, "/v1/gate/dead") })
        {
            using var plain = await front.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, plain.StatusCode);
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation(header, value);
            using var answer = await front.SendAsync(request);
            Assert.Equal((HttpStatusCode.Forbidden, "Origin"), (answer.StatusCode, (await ProblemAsync(answer)).Text("field")));
        }
    }

    [Fact]
    public async Task A_foreign_name_reads_nothing_without_a_key()
    {
        foreach (var (path, status) in new[] { ("/v1/incidents", HttpStatusCode.Forbidden), ("/orleans/", HttpStatusCode.Forbidden), ("/health/ready", HttpStatusCode.OK) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = "elsewhere.example" } };
            using var answer = await node.Api.SendAsync(request);
            Assert.Equal(status, answer.StatusCode);
            Assert.DoesNotContain("origin\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/v1/incidents", true)]
    [InlineData("/gate_receive", false)]
    public async Task A_malformed_chunk_is_400_on_both_fronts(string path, bool isApi)
    {
        using var socket = new TcpClient("127.0.0.1", (isApi ? node.Api : node.Gate).BaseAddress!.Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"));
        using var reader = new StreamReader(socket.GetStream());
        var answer = await reader.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("urn:caporleans:problem:bad-request", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/orleans/HistoricalStats/x")]
    [InlineData("/orleans/SiloProperties/x")]
    public async Task A_name_that_the_dashboard_does_not_know_is_404(string path)
    {
        using var answer = await node.Api.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_body_of_10_MB_is_413()
    {
        await RefusedAsync(new byte[10 * 1024 * 1024], 413, "");
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/v1/incidents") { Content = NodeFixture.Json(new byte[70_000]) };
        chunked.Headers.TransferEncodingChunked = true;
        using var answer = await node.Api.SendAsync(chunked);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task Another_content_type_is_415()
    {
        using var answer = await node.Api.PostAsync("/v1/incidents", new StringContent("x", Encoding.UTF8, "text/plain"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Equal("Content-Type", (await ProblemAsync(answer)).Text("field"));
    }

    [Fact]
    public async Task A_client_that_disconnects_half_way_does_no_harm()
    {
        var size = await node.LogSizeAsync();
        using (var socket = new TcpClient("127.0.0.1", node.Api.BaseAddress!.Port))
        {
            await socket.GetStream().WriteAsync("POST /v1/incidents HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"task_id\""u8.ToArray());
        }

        Assert.True(await node.LogSizeAsync() >= size);
        using var live = await node.Api.GetAsync("/health/live");
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Theory]
    [InlineData("/v1/incidents?limit=0", "limit")]
    [InlineData("/v1/incidents?limit=many", "limit")]
    [InlineData("/v1/incidents?cursor=-7", "cursor")]
    [InlineData("/v1/incidents?severity=grave", "severity")]
    [InlineData("/v1/incidents?from=monday", "from")]
    [InlineData("/v1/incidents?cap=a%7Cb", "cap")]
    [InlineData("/v1/incidents?capId=WEB-01", "capId")]
    [InlineData("/v1/audit?after=x", "after")]
    [InlineData("/ipfs/QmR5TCbHh54C9X2cqwM5FDAbfoQBgXRmQTdiMBBFoMrNzk", "cid")]
    public async Task A_query_that_breaks_its_rule_is_named(string path, string field)
    {
        using var answer = await node.Api.GetAsync(path);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(field, (await ProblemAsync(answer)).Text("field"));
    }

    [Theory]
    [InlineData("{", 400, "")]
    [InlineData("[]", 400, "")]
    [InlineData("null", 400, "")]
    [InlineData("{}", 400, "keys")]
    [InlineData("{\"keys\":[null]}", 400, "keys[0].address")]
    [InlineData("{\"keys\":7}", 400, "keys")]
    [InlineData("{\"keys\":[{\"address\":\"0x0000000000000000000000000000000000000000\"}]}", 400, "keys[0].address")]
    [InlineData("{\"capPotential\":\"many\"}", 400, "capPotential")]
    [InlineData("{\"capPotential\":1e300}", 400, "capPotential")]
    [InlineData("{\"colour\":\"red\"}", 400, "colour")]
    public async Task A_definition_that_breaks_a_rule_is_named(string body, int status, string field)
    {
        using var answer = await node.Operator.PutAsync("/v1/caps/NEW-CAP", NodeFixture.Json(Encoding.UTF8.GetBytes(body)));
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(field, (await ProblemAsync(answer)).Text("field"));
    }

    [Fact]
    public async Task An_operator_call_without_the_token_is_401()
    {
        foreach (var scheme in (string[])["Bearer wrong", "Basic OndyZW5n", "Basic ???", "Bearer"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/caps/NEW-CAP") { Content = NodeFixture.Json("{}"u8.ToArray()) };
            request.Headers.TryAddWithoutValidation("Authorization", scheme);
            using var answer = await node.Api.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("Authorization", (await ProblemAsync(answer)).Text("field"));
        }
    }

    [Theory]
    [InlineData("ftp://x/y")]
    [InlineData("http://user:password@x/")]
    [InlineData("/relative")]
    [InlineData("http://")]
    [InlineData("http://\uff45xample.com/")]
    [InlineData("http://example.com/\uff0e")]
    [InlineData("http://example.com/\r\nX-Injected: 1")]
    [InlineData("http://example.com/\u0007")]
    [InlineData(" http://example.com/")]
    [InlineData("http://example.com/a b")]
    public async Task A_webhook_URL_that_is_not_plain_is_refused(string url)
    {
        foreach (var path in (string[])["/register_alert", "/v1/webhooks"])
        {
            using var answer = await node.Operator.PostAsync(path, NodeFixture.Json(new JsonObject { ["url"] = url }));
            Assert.Equal((HttpStatusCode.BadRequest, "url"), (answer.StatusCode, (await ProblemAsync(answer)).Text("field")));
        }
    }

    private async Task RefusedAsync(byte[] body, int status, string field, string path = "/v1/incidents")
    {
        using var answer = await node.Api.PostAsync(path, NodeFixture.Json(body));
        Assert.Equal(status, (int)answer.StatusCode);
        var problem = await ProblemAsync(answer);
        Assert.Equal(field, problem.Text("field"));
        Assert.NotEmpty(problem.Text("rule"));
        Assert.StartsWith("urn:caporleans:problem:", problem.Text("type"), StringComparison.Ordinal);
    }

    private async Task<HttpStatusCode> PostAsync(byte[] body)
    {
        using var answer = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(body));
        return answer.StatusCode;
    }

    private static async Task<JsonElement> ProblemAsync(HttpResponseMessage answer)
    {
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        return JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync());
    }
}
