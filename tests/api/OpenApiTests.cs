using System.Net;
using System.Text.Json;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Tests.Api;

/// <summary>The description, as a generator of clients reads it.</summary>
[Collection(NodeCollection.Name)]
public sealed class OpenApiTests(NodeFixture node)
{
    [Fact]
    public async Task Names_types_and_keys_are_as_they_are()
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
                    Assert.All(parameters.EnumerateArray(), parameter => Assert.True(char.IsAsciiLetterLower(parameter.Text("name")[0]),
                        $"{name}: {parameter.Text("name")}"));
                }
            }

            Assert.DoesNotMatch("\"type\": *\\[[^]]*\"(?:number|integer)\",[^]]*\"string\"", document.GetRawText());
            var problem = document.GetProperty("components").GetProperty("schemas").GetProperty("ProblemDetails").GetProperty("properties");
            Assert.True(problem.TryGetProperty("field", out _) && problem.TryGetProperty("rule", out _) && problem.TryGetProperty(
                "traceId", out _));
            Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer").Text("scheme"));
        }
    }

    [Fact]
    public async Task What_is_new_says_where_it_is_and_HEAD_is_answered_where_GET_is()
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

    [Theory]
    [InlineData("/v1/incidents")]
    [InlineData("/v1/incidents:batch")]
    [InlineData("/incident")]
    public async Task A_body_that_is_encoded_is_refused_and_told_what_is_taken(string path)
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
