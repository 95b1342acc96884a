using System.Net;
using System.Text.Json;

namespace CapOrleans.Tests.Api;

/// <summary>Desks that take text: a program, chats and mail.</summary>
[Collection(NodeCollection.Name)]
public sealed class DeskTests(NodeFixture node)
{
    [Fact]
    public async Task A_ladder_pages_a_program_of_the_node_with_text()
    {
        var key = await node.RegisterAsync("DESK-1");
        var desk = await RegisterAsync(new { url = "command:record", format = "text", kinds = (string[])["paged"] });
        await node.AnswerAsync(HttpMethod.Put, "/v1/ladders/desk-test", HttpStatusCode.OK, new
        {
            caps = "DESK-1", levels = new[] { new { webhooks = (string[])[desk.Text("id")], waitSeconds = 300 } },
        });
        var incident = TestIncident.Signed(key, "DESK-1", "D-1", TimeProvider.System.GetUtcNow(),
            members => members["severity"] = "critical");
        using var answer = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        await Eventually.TrueAsync(() => File.Exists(node.RecordFile) && File.ReadAllText(node.RecordFile).Contains("D-1",
            StringComparison.Ordinal));
        var text = await File.ReadAllTextAsync(node.RecordFile);
        Assert.StartsWith("[critical] DESK-1 D-1: nginx failed to restart\n\n", text, StringComparison.Ordinal);
        Assert.Contains("Page: ladder desk-test, level 1 of 1, round 1\nState: open\n", text, StringComparison.Ordinal);

        var test = await node.AnswerAsync(HttpMethod.Post, $"/v1/webhooks/{desk.Text("id")}/test", HttpStatusCode.OK);
        Assert.True(test.GetProperty("delivered").GetBoolean());
        Assert.Contains($"Test of webhook {desk.Text("id")}", await File.ReadAllTextAsync(node.RecordFile), StringComparison.Ordinal);
        await node.AnswerAsync(HttpMethod.Delete, "/v1/ladders/desk-test", HttpStatusCode.NoContent);
        await node.AnswerAsync(HttpMethod.Delete, $"/v1/webhooks/{desk.Text("id")}", HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_chat_gets_the_form_that_it_takes()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var desk = await RegisterAsync(new { url = receiver.Url, format = "slack", caps = "NOBODY-*" });
        Assert.Equal("slack", desk.Text("format"));
        await node.AnswerAsync(HttpMethod.Post, $"/v1/webhooks/{desk.Text("id")}/test", HttpStatusCode.OK);
        Assert.Equal($"Test of webhook {desk.Text("id")}\nThis webhook can be reached.", (await receiver.NextAsync()).Body.Text("text"));
        var changed = await node.AnswerAsync(HttpMethod.Patch, $"/v1/webhooks/{desk.Text("id")}", HttpStatusCode.OK,
            new { format = "matrix" });
        Assert.Equal("matrix", changed.Text("format"));
        await node.AnswerAsync(HttpMethod.Delete, $"/v1/webhooks/{desk.Text("id")}", HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("url", "invalid-field", "mailto:a@b.example,c@d.example", "text")]
    [InlineData("url", "invalid-field", "mailto:a@b.example?bcc=c@d.example", "text")]
    [InlineData("url", "invalid-field", "mailto:a%0d%0aRCPT@b.example", "text")]
    [InlineData("url", "invalid-field", "mailto:", "text")]
    [InlineData("url", "invalid-field", "command:../bin/sh", "text")]
    [InlineData("url", "invalid-field", "ftp://desk.example/", "text")]
    [InlineData("format", "invalid-field", "mailto:oncall@desk.example", "slack")]
    [InlineData("format", "invalid-field", "https://192.0.2.1/", "teams")]
    [InlineData("url", "webhook-address", "mailto:oncall@desk.example", null)] // no Webhooks__Smtp
    [InlineData("url", "webhook-address", "command:nothing", null)]
    public async Task What_cannot_be_reached_is_refused(string field, string type, string url, string? format)
    {
        var problem = await node.AnswerAsync(HttpMethod.Post, "/v1/webhooks", HttpStatusCode.BadRequest, new { url, format });
        Assert.Equal((field, $"urn:caporleans:problem:{type}"), (problem.Text("field"), problem.Text("type")));
    }

    private Task<JsonElement> RegisterAsync(object webhook) => node.AnswerAsync(HttpMethod.Post, "/v1/webhooks",
        HttpStatusCode.Created, webhook);
}
