using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Tests.Core.Webhooks;

/// <summary>Events as text for people.</summary>
public sealed class EventMessageTests
{
    private const string Incident =
        """
        {"agent":"web-1","capId":"WEB-01","description":"nginx failed\nsince <12:00> & later","incidentId":"I-1","scheme":"identity-v1",
         "severity":"high","signer":"0xAb","timestamp":"2026-12-01T12:00:00Z"}
        """;

    [Fact]
    public void An_incident_says_what_where_when_and_who_reported_it()
    {
        var message = Of("incident.accepted", Incident);
        Assert.Equal("[high] WEB-01 I-1: nginx failed", message.Title);
        Assert.Equal(
            ["nginx failed", "since <12:00> & later", "", "CapID: WEB-01", "Incident: I-1", "Severity: high", "Agent: web-1",
                "Time: 2026-12-01T12:00:00Z", "Reported by: 0xAb (identity-v1)"],
            message.Body.Split('\n'));
    }

    [Fact]
    public void A_page_says_its_level_who_is_on_call_how_many_incidents_there_are_and_how_to_answer()
    {
        var incident = Incident.Replace("\"signer\":\"0xAb\"", """
            "signer":null,"integration":{"id":"1f0c22ab","name":"prometheus"},"group":{"count":3,"key":"disk","rule":"dedup-key"}
            """, StringComparison.Ordinal);
        var lines = Of("incident.paged", $$"""
            {"capId":"WEB-01","incident":{{incident}},"incidentId":"I-1","ladder":"web",
             "level":1,"levels":2,"onCall":[{"name":"Ada"},{"name":"Bob"}],
             "round":1,"state":"open"}
            """).Body.Split('\n');
        Assert.Equal(
            ["Reported by: prometheus (unverified)", "Group: 3 incidents with dedup-key disk",
                "Page: ladder web, level 1 of 2, round 1; on call: Ada, Bob", "State: open", "To answer: cap acknowledge WEB-01 I-1"],
            lines[^5..]);
    }

    [Fact]
    public void Updates_summaries_and_tests_have_their_own_words()
    {
        Assert.Equal(("WEB-01 I-1 was acknowledged by Ada", "on it"), Of("incident.acknowledged", """
            {"action":"acknowledge","by":"key:0","byName":"Ada","capId":"WEB-01","incidentId":"I-1","note":"on it"}
            """) is var update ? (update.Title, update.Body) : default);
        Assert.Equal(("WEB-01 I-1 was resolved by 0xAb", ""), Of("incident.resolved", """
            {"action":"resolve","by":"0xAb","byName":null,"capId":"WEB-01","incidentId":"I-1","note":null}
            """) is var signed ? (signed.Title, signed.Body) : default);
        Assert.Equal(("Silence deploy is over: 3 incidents were held back", "[high] WEB-01 I-1: open"), Of("silence.ended", """
            {"held":3,"incidents":[{"capId":"WEB-01","incidentId":"I-1","severity":"high","state":"open"}],"silence":"deploy"}
            """) is var summary ? (summary.Title, summary.Body) : default);
        Assert.Equal(("Nobody answers: ladder web was paged in vain for 5 incidents", "[high] WEB-01 I-1"), Of("audit.inaction", """
            {"count":5,"incidents":[{"capId":"WEB-01","incidentId":"I-1","index":7,"log":0,"severity":"high"}],"ladder":"web"}
            """) is var inaction ? (inaction.Title, inaction.Body) : default);
        var test = EventMessage.Of(IncidentEvent.WriteTest("1f0c22ab9d3e", "test/1", default));
        Assert.Equal("Test of webhook 1f0c22ab9d3e", test.Title);
    }

    [Fact]
    public void Each_form_is_what_its_receivers_take()
    {
        var message = Of("incident.accepted", Incident);
        var (slack, slackType) = message.As(MessageFormat.Slack);
        Assert.Equal("application/json", slackType);
        Assert.StartsWith(
            "[high] WEB-01 I-1: nginx failed\nnginx failed\nsince &lt;12:00&gt; &amp; later", JsonElement.Parse(slack).Text("text"), StringComparison.Ordinal);
        var matrix = JsonElement.Parse(message.As(MessageFormat.Matrix).Body);
        Assert.Equal(("m.text", 2), (matrix.Text("msgtype"), matrix.EnumerateObject().Count()));
        Assert.Contains("since <12:00> & later", matrix.Text("body"), StringComparison.Ordinal);
        var (text, textType) = message.As(MessageFormat.Text);
        Assert.Equal("text/plain", textType);
        Assert.StartsWith("[high] WEB-01 I-1: nginx failed\n\nnginx failed", Encoding.UTF8.GetString(text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\\u001b[31mred", " [31mred")]
    [InlineData("safe\\u202etxt.exe", "safe txt.exe")]
    [InlineData("a\\r\\nb", "a ")]
    [InlineData("a\\u2028b", "a b")]
    public void What_is_invisible_does_not_pass(string description, string title) => Assert.Equal(
        $"[high] WEB-01 I-1: {title}",
        Of("incident.accepted", Incident.Replace("nginx failed\\nsince <12:00> & later", description, StringComparison.Ordinal)).Title);

    [Fact]
    public void A_title_is_one_short_line()
    {
        var title = Of("incident.accepted", Incident.Replace("nginx failed", string.Concat(Enumerable.Repeat("🔥", 200)),
            StringComparison.Ordinal)).Title;
        Assert.InRange(title.Length, 140, 150);
        Assert.EndsWith("🔥…", title, StringComparison.Ordinal);
    }

    private static EventMessage Of(string kind, string data) =>
        EventMessage.Of(Encoding.UTF8.GetBytes($$"""{"data":{{data}},"type":"caporleans.{{kind}}"}"""));
}
