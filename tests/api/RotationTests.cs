using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Tests.Api;

/// <summary>Rotations of people on call, as an operator manages them.</summary>
[Collection(NodeCollection.Name)]
public sealed class RotationTests(NodeFixture node) : IDisposable
{
    private const string Valid =
        """{"timeZone":"UTC","startsAt":"2026-12-07T09:00","shiftDays":7,"members":[{"name":"Ada","webhook":"W"}]}""";

    private static readonly Dictionary<string, Func<object?[], Task>> Grains = new()
    {
        ["IWebhooksGrain.ListAsync"] = _ => Task.FromResult<IReadOnlyList<WebhookEndpoint>>(
            [new("W", "https://192.0.2.7/", default, Actor.Service, [0])]),
        ["ILaddersGrain.PolicyAsync"] = _ => Task.FromResult(new PagingPolicy([], [],
            [new("r", "UTC", "2026-12-07T09:00", 7, [new("Ada", "W")], null, [], default, Actor.Service)])),
        ["ILaddersGrain.PutRotationAsync"] = _ => Task.FromResult(new RotationRuling(PutVerdict.Full)),
        ["ILaddersGrain.OverrideAsync"] = _ => Task.FromResult(new RotationRuling(PutVerdict.Full)),
    };

    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_rotation_is_made_shown_overridden_and_removed_and_a_ladder_pages_its_person_on_call()
    {
        var (ada, bob) = (await node.WebhookAsync("http://127.0.0.1:9/ada"), await node.WebhookAsync("http://127.0.0.1:9/bob"));
        var rotation = new
        {
            timeZone = "Europe/Berlin", startsAt = "2026-11-30T09:00", shiftDays = 7,
            members = new[] { new { name = "Ada", webhook = ada }, new { name = "Bob", webhook = bob } },
        };
        var made = await PutAsync("primary", rotation);
        Assert.Equal(
            ("primary", "Europe/Berlin", 0), (made.Text("id"), made.Text("timeZone"), made.GetProperty("warnings").GetArrayLength()));
        Assert.Equal(made.GetRawText(), (await PutAsync("primary", rotation)).GetRawText());
        Assert.Equal(["2026-12-01T00:00 Ada", "2026-12-07T08:00 Bob"], await ShiftsAsync("2026-12-01T00:00:00Z", "2026-12-10T00:00:00Z"));

        var later = TimeProvider.System.GetUtcNow().AddDays(2);
        await node.AnswerAsync(HttpMethod.Put, "/v1/rotations/primary/overrides/swap", HttpStatusCode.OK, new
        {
            name = "Bob", startsAt = later, endsAt = later.AddHours(1),
        });
        Assert.Equal(bob, (await PutAsync("primary", rotation)).GetProperty("overrides")[0].Text("webhook"));
        var ladder = new { caps = "SYS-CORE", levels = new object[] { new { rotations = (string[])["primary"], waitSeconds = 60 } } };
        var named = await node.AnswerAsync(HttpMethod.Put, "/v1/ladders/by-rotation", HttpStatusCode.OK, ladder);
        Assert.Equal("primary", named.GetProperty("levels")[0].GetProperty("rotations")[0].GetString());
        Assert.Equal(("Bob", bob), await OnCallAsync(later.AddMinutes(30)));
        await node.AnswerAsync(HttpMethod.Delete, "/v1/rotations/primary/overrides/swap", HttpStatusCode.NoContent);
        var over = await node.AnswerAsync(HttpMethod.Delete, "/v1/rotations/primary/overrides/swap", HttpStatusCode.NotFound);
        Assert.Equal("urn:caporleans:problem:no-such-override", over.Text("type"));
        Assert.Equal(("Ada", ada), await OnCallAsync(new DateTimeOffset(2026, 12, 2, 0, 0, 0, TimeSpan.Zero)));

        await node.AnswerAsync(HttpMethod.Delete, $"/v1/webhooks/{ada}", HttpStatusCode.NoContent);
        await PutAsync("primary", new
        {
            rotation.timeZone, rotation.startsAt, rotation.shiftDays,
            members = new[] { new { name = "Bob", webhook = bob } },
            hours = new { days = (string[])["sat"], from = "09:00", until = "10:00" },
        });
        var warned = (await node.AnswerAsync(HttpMethod.Get, "/v1/ladders", HttpStatusCode.OK)).EnumerateArray()
            .Single(one => one.Text("id") == "by-rotation").GetProperty("warnings");
        Assert.Matches("^Level 1: no one is on call from .* to .*T08:00:00Z, and [45] more times in the next 30 days.$",
            Assert.Single(warned.EnumerateArray()).GetString());
        await node.AnswerAsync(HttpMethod.Delete, "/v1/rotations/primary", HttpStatusCode.NoContent);
        var gone = await node.AnswerAsync(HttpMethod.Delete, "/v1/rotations/primary", HttpStatusCode.NotFound);
        Assert.Equal("urn:caporleans:problem:no-such-rotation", gone.Text("type"));
        await node.AnswerAsync(HttpMethod.Delete, "/v1/ladders/by-rotation", HttpStatusCode.NoContent);
        await node.AnswerAsync(HttpMethod.Delete, $"/v1/webhooks/{bob}", HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("timeZone", "timeZone", "\"Mars/Olympus\"")]
    [InlineData("timeZone", "timeZone", null)]
    [InlineData("startsAt", "startsAt", "\"2026-12-07T09:00Z\"")]
    [InlineData("startsAt", "startsAt", "\"9999-12-07T09:00\"")]
    [InlineData("shiftDays", "shiftDays", "0")]
    [InlineData("members", "members", "[]")]
    [InlineData("members", "members", """[{"name":"A","webhook":"W"},{"name":"A","webhook":"W"}]""")]
    [InlineData("members[0].name", "members", "[null]")]
    [InlineData("members[0].name", "members", """[{"name":" ","webhook":"W"}]""")]
    [InlineData("members[0].webhook", "members", """[{"name":"A","webhook":"no"}]""")]
    [InlineData("hours.days", "hours", """{"days":["Mon"],"from":"09:00","until":"10:00"}""")]
    [InlineData("hours.days", "hours", """{"days":["mon","mon"],"from":"09:00","until":"10:00"}""")]
    [InlineData("hours.from", "hours", """{"days":["mon"],"from":"24:00","until":"10:00"}""")]
    [InlineData("hours.until", "hours", """{"days":["mon"],"from":"09:00"}""")]
    public async Task What_is_no_rotation_is_refused_with_the_field(string field, string member, string? value)
    {
        var webhook = await node.WebhookAsync("http://127.0.0.1:9/refused-rotation");
        var body = JsonNode.Parse(Valid)!;
        body[member] = value is null ? null : JsonNode.Parse(value);
        var problem = await node.AnswerAsync(HttpMethod.Put, "/v1/rotations/refused", HttpStatusCode.BadRequest, JsonElement.Parse(
            body.ToJsonString().Replace("\"W\"", $"\"{webhook}\"", StringComparison.Ordinal)));
        Assert.Equal(("urn:caporleans:problem:invalid-field", field), (problem.Text("type"), problem.Text("field")));
        await node.AnswerAsync(HttpMethod.Delete, $"/v1/webhooks/{webhook}", HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("name", """{"name":"Eve","endsAt":"2030-01-01T00:00:00Z","startsAt":"2029-12-31T00:00:00Z"}""")]
    [InlineData("webhook", """{"name":"Eve","webhook":"no","endsAt":"2030-01-01T00:00:00Z","startsAt":"2029-12-31T00:00:00Z"}""")]
    [InlineData("endsAt", """{"name":"Ada"}""")]
    [InlineData("endsAt", """{"name":"Ada","endsAt":"2020-01-01T00:00:00Z"}""")]
    [InlineData("endsAt", """{"name":"Ada","startsAt":"2029-01-01T00:00:00Z","endsAt":"2030-12-31T00:00:00Z"}""")]
    [InlineData("endsAt", """{"name":"Ada","endsAt":"2030-01-01T00:00:00"}""")]
    public async Task What_is_no_override_is_refused_with_the_field(string field, string body)
    {
        await using var api = await LoneApi.StartAsync(Grains);
        using var answer = await api.Http.PutAsJsonAsync("/v1/rotations/r/overrides/o", JsonElement.Parse(body));
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.BadRequest, "urn:caporleans:problem:invalid-field", field),
            (answer.StatusCode, problem.Text("type"), problem.Text("field")));
    }

    [Theory]
    [InlineData("rotations/one-more", "rotations-full", Valid)]
    [InlineData("rotations/r/overrides/one-more", "overrides-full",
        """{"name":"Ada","startsAt":"2029-12-31T00:00:00Z","endsAt":"2030-01-01T00:00:00Z"}""")]
    public async Task The_number_of_rotations_and_of_overrides_is_limited(string path, string type, string body)
    {
        await using var api = await LoneApi.StartAsync(Grains);
        using var answer = await api.Http.PutAsJsonAsync($"/v1/{path}", JsonElement.Parse(body));
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.Conflict, $"urn:caporleans:problem:{type}"), (answer.StatusCode, problem.Text("type")));
    }

    [Fact]
    public async Task A_rotation_is_made_shown_overridden_and_removed_by_command()
    {
        var webhook = await node.WebhookAsync("http://127.0.0.1:9/by-command");
        var cap = new CapCommand(
            directory.Path, ("DATA_DIR", directory.Path), ("CAP_API", $"{node.Api.BaseAddress}"),
            ("CAP_TOKEN", node.Operator.DefaultRequestHeaders.Authorization!.Parameter!));
        async Task<string> RunAsync(params string[] words)
        {
            var (code, output) = await cap.RunAsync(words);
            Assert.True(code == 0, output);
            return output.Trim();
        }

        var made = JsonElement.Parse(await RunAsync("rotation", "set", "by-command", "--zone", "UTC", "--starts", "2026-01-01T00:00",
            "--member", $"Ada={webhook}", "--hours", "mon,sun/09:00-17:00"));
        Assert.Equal(
            ("""["mon","sun"]""", 7),
            (Regex.Replace(made.GetProperty("hours").GetProperty("days").GetRawText(), @"\s", ""),
                made.GetProperty("shiftDays").GetInt32()));
        var swapped = JsonElement.Parse(await RunAsync(
            "rotation", "override", "by-command", "swap", "--member", "Bob", "--webhook", webhook, "--for", "8h"));
        Assert.Equal("Bob", swapped.GetProperty("onCall").Text("name"));
        Assert.Equal("Bob", JsonElement.Parse(await RunAsync("rotation", "shifts", "by-command"))[0].Text("name"));
        Assert.Equal("removed", await RunAsync("rotation", "cancel", "by-command", "swap"));
        Assert.Contains("by-command", await RunAsync("rotation", "list"), StringComparison.Ordinal);
        var ladder = JsonElement.Parse(await RunAsync(
            "ladder", "set", "by-command", "--caps", "NOBODY-*", "--level", $"@by-command,{webhook}:5m",
            "--inaction", $"5:1h:{webhook}"));
        Assert.Equal((webhook, "by-command"), (ladder.GetProperty("levels")[0].GetProperty("webhooks")[0].GetString(),
            ladder.GetProperty("levels")[0].GetProperty("rotations")[0].GetString()));
        await RunAsync("ladder", "remove", "by-command");
        Assert.Equal("removed", await RunAsync("rotation", "remove", "by-command"));
        await node.AnswerAsync(HttpMethod.Delete, $"/v1/webhooks/{webhook}", HttpStatusCode.NoContent);
    }

    private Task<JsonElement> PutAsync(string id, object body) =>
        node.AnswerAsync(HttpMethod.Put, $"/v1/rotations/{id}", HttpStatusCode.OK, body);

    private async Task<string[]> ShiftsAsync(string from, string until)
    {
        var shifts = await node.AnswerAsync(
            HttpMethod.Get, $"/v1/rotations/primary/shifts?from={from}&until={until}", HttpStatusCode.OK);
        return
        [
            .. shifts.EnumerateArray()
                .Select(shift => $"{shift.GetProperty("from").GetDateTimeOffset():yyyy-MM-ddTHH:mm} {shift.Text("name")}"),
        ];
    }

    private async Task<(string Name, string Webhook)> OnCallAsync(DateTimeOffset at)
    {
        var preview = await node.AnswerAsync(
            HttpMethod.Get, $"/v1/ladders/by-rotation/preview?cap=SYS-CORE&at={at.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}", HttpStatusCode.OK);
        var step = preview.GetProperty("steps")[0];
        return (step.GetProperty("onCall")[0].Text("name"), step.GetProperty("webhooks")[0].GetString()!);
    }
}
