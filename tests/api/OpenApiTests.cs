using System.Net;
using System.Text.Json;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Tests.Api;

/// <summary>The description, as a client generator reads it.</summary>
[Collection(NodeCollection.Name)]
public sealed class OpenApiTests(NodeFixture node)
{
    [Fact]
    public async Task Names_types_and_keys_match_the_service()
    {
        foreach (var http in (HttpClient[])[node.Api, node.Gate])
        {
            var document = JsonElement.Parse(await http.GetStringAsync("/openapi/v1.json"));
            var calls = document.GetProperty("paths").EnumerateObject()
                .SelectMany(path => path.Value.EnumerateObject().Select(call => (Name: $"{call.Name} {path.Name}",
                    Call: call.Value))).ToList();
            var ids = calls.Select(call => call.Call.Text("operationId")).ToList();
            Assert.Equal(ids.Distinct(StringComparer.Ordinal), ids);
            Assert.All(calls, call => Assert.DoesNotContain("CapOrleans.", call.Call.GetProperty("tags")[0].GetString(),
                StringComparison.Ordinal));
            Assert.All(calls, call => Assert.NotEqual("", call.Call.Text("summary")));
            foreach (var (name, call) in calls)
            {
                var isClosed = call.GetProperty("responses").TryGetProperty("401", out _);
                Assert.True(!isClosed || call.TryGetProperty("security", out _), $"{name} answers 401 and names no key.");
                if (call.TryGetProperty("parameters", out var parameters))
                {
                    Assert.All(parameters.EnumerateArray(), parameter => Assert.True(
                        parameter.Text("in") == "header" || char.IsAsciiLetterLower(parameter.Text("name")[0]),
                        $"{name}: {parameter.Text("name")}"));
                }
            }

            Assert.DoesNotMatch("\"type\": *\\[[^]]*\"(?:number|integer)\",[^]]*\"string\"", document.GetRawText());
            var schemas = document.GetProperty("components").GetProperty("schemas");
            if (http == node.Api)
            {
                var silence = schemas.GetProperty("SilenceRequest").GetProperty("properties");
                Assert.Equal("date-time", silence.GetProperty("endsAt").Text("format"));
            }

            var problem = schemas.GetProperty("ProblemDetails").GetProperty("properties");
            Assert.True(problem.TryGetProperty("field", out _) && problem.TryGetProperty("rule", out _) && problem.TryGetProperty(
                "traceId", out _));
            Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer").Text("scheme"));
        }
    }

    [Fact]
    public async Task Created_resources_have_a_Location_and_HEAD_is_answered_where_GET_is()
    {
        using var accepted = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(node.Incident()));
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
        using var found = await node.Api.GetAsync(accepted.Headers.Location);
        Assert.Equal(HttpStatusCode.OK, found.StatusCode);
        foreach (var (http, path, status) in ((HttpClient, string, HttpStatusCode)[])
            [
                (node.Api, "/health/live", HttpStatusCode.OK), (node.Api, "/v1/incidents", HttpStatusCode.OK), (node.Api,
                    "/v1/caps/NOBODY", HttpStatusCode.NotFound),
                (node.Gate, "/health/ready", HttpStatusCode.OK), (node.Gate, "/v1/gate/status", HttpStatusCode.OK), (node.Api,
                    "/incident", HttpStatusCode.MethodNotAllowed),
            ])
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, path);
            using var answer = await http.SendAsync(request);
            Assert.Equal((status, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        }
    }

    [Fact]
    public async Task The_page_for_people_loads_nothing_from_another_host_and_offers_nothing_of_its_vendor()
    {
        foreach (var path in (string[])["/docs/", "/docs/scalar.js"])
        {
            using var answer = await node.Api.GetAsync(path);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.Equal((HttpStatusCode.OK, true), (answer.StatusCode, policy.StartsWith("default-src 'self'; script-src 'self'",
                StringComparison.Ordinal)));
            Assert.DoesNotMatch("https?:", policy);
        }

        var page = await node.Api.GetStringAsync("/docs/");
        foreach (var off in (string[])
            ["\"withDefaultFonts\":false", "\"telemetry\":false", "\"hideClientButton\":true", "\"showDeveloperTools\":\"never\"",
                "\"agent\":{\"disabled\":true", "\"mcp\":{\"disabled\":true"])
        {
            Assert.Contains(off, page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Optional_request_members_are_not_required_and_answers_have_all_members()
    {
        var schemas = JsonElement.Parse(await node.Api.GetStringAsync("/openapi/v1.json")).GetProperty("components").GetProperty("schemas");
        Assert.Equal(["address"], Required("KeyDefinition"));
        Assert.Empty(Required("PolicyDefinition"));
        Assert.Equal(["address"], Required("KeyRevocation"));
        Assert.Contains("pagingFloor", Required("CapPolicy"));
        Assert.DoesNotContain("warning", Required("AcceptedAnswer"));
        Assert.Equal("string", schemas.GetProperty("KeyDefinition").GetProperty("properties").GetProperty("address").Text("type"));
        Assert.Equal(
            ["pending", "archived"],
            schemas.GetProperty("ArchiveReference").GetProperty("properties").GetProperty("status").GetProperty(
                "enum").EnumerateArray().Select(value => value.GetString()));

        string[] Required(string schema) =>
            schemas.GetProperty(schema).TryGetProperty("required", out var names) ? [.. names.EnumerateArray().Select(name =>
                name.GetString()!)] : [];
    }

    [Fact]
    public async Task Webhooks_are_described_and_an_example_is_one_that_verifies()
    {
        var document = JsonElement.Parse(await node.Api.GetStringAsync("/openapi/v1.json"));
        var webhook = document.GetProperty("webhooks").GetProperty("incident").GetProperty("post");
        Assert.Equal(["webhook-id", "webhook-timestamp", "webhook-signature"], webhook.GetProperty("parameters").EnumerateArray().Select(
            header => header.Text("name")));
        var example = document.GetProperty("paths").GetProperty("/v1/incidents").GetProperty("post").GetProperty(
            "requestBody").GetProperty("content")
            .GetProperty("application/json").GetProperty("example");
        var report = IncidentReader.Read(JsonSerializer.SerializeToUtf8Bytes(example)).Report!;
        Assert.Equal(report.SignerClaimed, Admission.Prove(report, new AdmissionPolicy(AcceptUnsigned: false)).Proof!.Signer);
    }

    [Theory]
    [InlineData("/v1/incidents")]
    [InlineData("/v1/incidents:batch")]
    [InlineData("/incident")]
    public async Task A_body_with_a_content_encoding_is_refused_with_what_is_accepted(string path)
    {
        foreach (var http in (HttpClient[])[node.Api, node.Gate])
        {
            if (http == node.Gate && path != "/v1/incidents")
            {
                continue;
            }

            using var content = NodeFixture.Json(node.Incident());
            content.Headers.ContentEncoding.Add("gzip");
            if (path.EndsWith(":batch", StringComparison.Ordinal))
            {
                content.Headers.ContentType = new(BatchLines.ContentType);
            }

            using var answer = await http.PostAsync(path, content);
            Assert.Equal((HttpStatusCode.UnsupportedMediaType, "urn:caporleans:problem:content-encoding"),
                (answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("type")));
            Assert.Equal("identity", answer.Headers.GetValues("Accept-Encoding").Single());
        }
    }
}
