using System.Net;
using System.Text.Json.Nodes;

namespace CapOrleans.Tests.Api;

/// <summary>The legacy call that tells a desk of an incident.</summary>
[Collection(NodeCollection.Name)]
public sealed class NotifyTests(NodeFixture node)
{
    [Fact]
    public async Task A_signed_incident_is_delivered_once_and_the_legacy_answer_says_so()
    {
        await using var desk = await WebhookReceiver.StartAsync();
        var webhook = await node.AnswerAsync(HttpMethod.Post, "/v1/webhooks", HttpStatusCode.Created, new { url = desk.Url,
            format = "legacy" });
        var incident = node.Incident(members => members["severity"] = "critical");
        Assert.Equal("""{"status":"notified","response":"received","code":201}""", await NotifyAsync(incident));
        Assert.Equal("""{"status":"notified","response":"received","code":200}""", await NotifyAsync(incident));
        while ((await desk.NextAsync()).Body.Text("incident_id") != (string)incident["task_id"]!)
        {
            // Another test's.
        }

        await node.AnswerAsync(HttpMethod.Delete, $"/v1/webhooks/{webhook.Text("id")}", HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task What_is_not_signed_or_not_accepted_is_told_as_before()
    {
        const string Missing = """{"status":"invalid","reason":"Missing signature or signer"}""";
        Assert.Equal(Missing, await NotifyAsync(node.Incident().Without("signature")));
        Assert.Equal(Missing, await NotifyAsync(node.Incident().Without("signer")));
        var changed = node.Incident();
        changed["agent"] = "somebody else";
        Assert.Equal("""{"status":"invalid","reason":"Signature does not match"}""", await NotifyAsync(changed));
        Assert.StartsWith("""{"status":"failed","response":"1 to 128""",
            await NotifyAsync(node.Incident(members => members["task_id"] = "a/b")), StringComparison.Ordinal);
        Assert.EndsWith("\"code\":404}", await NotifyAsync(TestIncident.Signed(node.Reporter, "NOBODY-7", "N-1",
            TimeProvider.System.GetUtcNow())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_legacy_registration_takes_no_mail_and_no_program()
    {
        foreach (var url in (string[])["mailto:a@b.example", "command:record"])
        {
            var problem = await node.AnswerAsync(HttpMethod.Post, "/register_alert", HttpStatusCode.BadRequest, new { url });
            Assert.Equal("url", problem.Text("field"));
        }
    }

    private async Task<string> NotifyAsync(JsonObject incident)
    {
        using var answer = await node.Api.PostAsync("/notify", NodeFixture.Json(incident));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }
}
