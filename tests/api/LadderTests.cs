using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Tests.Api;

/// <summary>Escalation ladders, as an operator manages them.</summary>
[Collection(NodeCollection.Name)]
public sealed class LadderTests(NodeFixture node)
{
    [Fact]
    public async Task A_ladder_is_made_shown_previewed_changed_and_removed()
    {
        var webhook = await node.WebhookAsync("http://127.0.0.1:9/ladder");
        var ladder = new
        {
            caps = "NOBODY-*", repeat = 1, minSeverity = "critical", levels = new object[]
            {
                new { webhooks = (string[])[webhook], waitSeconds = 300 }, new { webhooks = (string[])[webhook], waitSeconds = 60,
                    acknowledgements = 2 },
            },
        };
        var made = await node.AnswerAsync(HttpMethod.Put, "/v1/ladders/api-test", HttpStatusCode.OK, ladder);
        Assert.Equal(("api-test", "NOBODY-*", 2, 0), (made.Text("id"), made.Text("caps"), made.GetProperty("levels").GetArrayLength(),
            made.GetProperty("warnings").GetArrayLength()));
        Assert.Equal(made.GetRawText(), (await node.AnswerAsync(HttpMethod.Put, "/v1/ladders/api-test", HttpStatusCode.OK,
            ladder)).GetRawText());
        Assert.Contains((await node.AnswerAsync(HttpMethod.Get, "/v1/ladders", HttpStatusCode.OK)).EnumerateArray(), one => one.Text(
            "id") == "api-test");

        // It does not apply to this CapID; a ladder that names the CapID does.
        var none = await node.AnswerAsync(HttpMethod.Get, $"/v1/ladders/api-test/preview?cap=SYS-CORE", HttpStatusCode.OK);
        Assert.Equal((JsonValueKind.Null, 0), (none.GetProperty("ladder").ValueKind, none.GetProperty("steps").GetArrayLength()));
        await node.AnswerAsync(HttpMethod.Put, "/v1/ladders/api-test", HttpStatusCode.OK, new { caps = "SYS-CORE", ladder.repeat,
            ladder.minSeverity, ladder.levels });
        var shown = await node.AnswerAsync(HttpMethod.Get, $"/v1/ladders/api-test/preview?cap=SYS-CORE&at=2026-12-01T03:00:00Z",
            HttpStatusCode.OK);
        Assert.Equal(
            ["03:00:00 1/1", "03:05:00 2/1", "03:06:00 1/2", "03:11:00 2/2"],
            shown.GetProperty("steps").EnumerateArray().Select(step =>
                $"{step.GetProperty("at").GetDateTimeOffset():HH:mm:ss} {step.GetProperty("level")}/{step.GetProperty("round")}"));
        Assert.Equal("2026-12-01T03:12:00Z", $"{shown.GetProperty("unansweredAt").GetDateTimeOffset():yyyy-MM-ddTHH:mm:ssZ}");
        var high = await node.AnswerAsync(
            HttpMethod.Get, "/v1/ladders/api-test/preview?cap=SYS-CORE&severity=high", HttpStatusCode.OK);
        Assert.Equal(0, high.GetProperty("steps").GetArrayLength());

        var far = await node.AnswerAsync(HttpMethod.Get, "/v1/ladders/api-test/preview?cap=SYS-CORE&at=9999-12-31T23:59:59Z",
            HttpStatusCode.BadRequest);
        Assert.Equal("at", far.Text("field"));

        await node.AnswerAsync(HttpMethod.Delete, $"/v1/webhooks/{webhook}", HttpStatusCode.NoContent);
        var warned = (await node.AnswerAsync(HttpMethod.Get, "/v1/ladders", HttpStatusCode.OK)).EnumerateArray().Single(one => one.Text(
            "id") == "api-test");
        Assert.Contains($"webhook {webhook} was removed", warned.GetProperty("warnings").GetRawText(), StringComparison.Ordinal);
        await node.AnswerAsync(HttpMethod.Delete, "/v1/ladders/api-test", HttpStatusCode.NoContent);
        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Delete, ""), (HttpMethod.Get, "/preview?cap=Z")])
        {
            var problem = await node.AnswerAsync(method, $"/v1/ladders/api-test{path}", HttpStatusCode.NotFound);
            Assert.Equal("urn:caporleans:problem:no-such-ladder", problem.Text("type"));
        }
    }

    [Theory]
    [InlineData("caps", """{"levels":[{"webhooks":["W"],"waitSeconds":10}]}""")]
    [InlineData("caps", """{"caps":"A|B","levels":[{"webhooks":["W"],"waitSeconds":10}]}""")]
    [InlineData("levels", """{"caps":"*"}""")]
    [InlineData("levels", """{"caps":"*","levels":[]}""")]
    [InlineData("levels[0]", """{"caps":"*","levels":[null]}""")]
    [InlineData("levels[0].webhooks", """{"caps":"*","levels":[{"webhooks":[],"waitSeconds":10}]}""")]
    [InlineData("levels[0].webhooks", """{"caps":"*","levels":[{"webhooks":[null],"waitSeconds":10}]}""")]
    [InlineData("levels[0].webhooks", """{"caps":"*","levels":[{"webhooks":["nobody"],"waitSeconds":10}]}""")]
    [InlineData("levels[0].webhooks", """{"caps":"*","levels":[{"webhooks":["W","W"],"waitSeconds":10}]}""")]
    [InlineData("levels[1].waitSeconds", """{"caps":"*","levels":[{"webhooks":["W"],"waitSeconds":10},{"webhooks":["W"],"waitSeconds":9}]}""")]
    [InlineData("levels[0].waitSeconds", """{"caps":"*","levels":[{"webhooks":["W"]}]}""")]
    [InlineData("levels[0].acknowledgements", """{"caps":"*","levels":[{"webhooks":["W"],"waitSeconds":10,"acknowledgements":11}]}""")]
    [InlineData("minSeverity", """{"caps":"*","minSeverity":"bad","levels":[{"webhooks":["W"],"waitSeconds":10}]}""")]
    [InlineData("repeat", """{"caps":"*","repeat":10,"levels":[{"webhooks":["W"],"waitSeconds":10}]}""")]
    [InlineData("acknowledgedForSeconds", """{"caps":"*","acknowledgedForSeconds":59,"levels":[{"webhooks":["W"],"waitSeconds":10}]}""")]
    public async Task What_is_no_ladder_is_refused_with_the_field(string field, string body)
    {
        var webhook = await node.WebhookAsync("http://127.0.0.1:9/refused");
        var problem = await node.AnswerAsync(HttpMethod.Put, "/v1/ladders/refused", HttpStatusCode.BadRequest, JsonElement.Parse(
            body.Replace("\"W\"", $"\"{webhook}\"", StringComparison.Ordinal)));
        Assert.Equal(("urn:caporleans:problem:invalid-field", field), (problem.Text("type"), problem.Text("field")));
    }

    [Fact]
    public async Task That_nobody_answers_is_reported_to_webhooks_that_exist()
    {
        var webhook = await node.WebhookAsync("http://127.0.0.1:9/inaction");
        object Ladder(object? inaction) =>
            new { caps = "NOBODY-*", levels = (object[])[new { webhooks = (string[])[webhook], waitSeconds = 60 }], inaction };
        foreach (var (inaction, field) in ((object, string)[])
        [
            (new { incidents = 0, withinSeconds = 60, webhooks = (string[])[webhook] }, "inaction.incidents"),
            (new { withinSeconds = 60, webhooks = (string[])[webhook] }, "inaction.incidents"),
            (new { incidents = 1, withinSeconds = 59, webhooks = (string[])[webhook] }, "inaction.withinSeconds"),
            (new { incidents = 1, withinSeconds = 60 }, "inaction.webhooks"),
            (new { incidents = 1, withinSeconds = 60, webhooks = (string[])["none"] }, "inaction.webhooks"),
        ])
        {
            var problem = await node.AnswerAsync(HttpMethod.Put, "/v1/ladders/inaction", HttpStatusCode.BadRequest, Ladder(inaction));
            Assert.Equal(("urn:caporleans:problem:invalid-field", field), (problem.Text("type"), problem.Text("field")));
        }

        var rule = new { incidents = 5, withinSeconds = 3600, webhooks = (string[])[webhook] };
        var made = await node.AnswerAsync(HttpMethod.Put, "/v1/ladders/inaction", HttpStatusCode.OK, Ladder(rule));
        Assert.Equal(JsonSerializer.Serialize(rule), made.GetProperty("inaction").GetRawText());
        await node.AnswerAsync(HttpMethod.Delete, $"/v1/webhooks/{webhook}", HttpStatusCode.NoContent);
        var shown = (await node.AnswerAsync(HttpMethod.Get, "/v1/ladders", HttpStatusCode.OK)).EnumerateArray()
            .Single(one => one.Text("id") == "inaction");
        Assert.Contains($"Inaction: webhook {webhook} was removed.",
            shown.GetProperty("warnings").EnumerateArray().Select(one => one.GetString()));
        await node.AnswerAsync(HttpMethod.Delete, "/v1/ladders/inaction", HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task The_number_of_ladders_is_limited()
    {
        await using var api = await LoneApi.StartAsync(new Dictionary<string, Func<object?[], Task>>
        {
            ["IWebhooksGrain.ListAsync"] = _ => Task.FromResult<IReadOnlyList<WebhookEndpoint>>(
                [new("W", "https://192.0.2.7/", default, Contracts.Access.Actor.Service, [0])]),
            ["ILaddersGrain.PolicyAsync"] = _ => Task.FromResult(new PagingPolicy([], [], [])),
            ["ILaddersGrain.PutAsync"] = _ => Task.FromResult(new LadderRuling(PutVerdict.Full)),
        });
        using var answer = await api.Http.PutAsJsonAsync("/v1/ladders/one-more", new
        {
            caps = "*", levels = new[] { new { webhooks = (string[])["W"], waitSeconds = 10 } },
        });
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.Conflict, "urn:caporleans:problem:ladders-full"), (answer.StatusCode, problem.Text("type")));
    }
}
