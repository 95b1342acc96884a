using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Contracts.Escalation;

namespace CapOrleans.Tests.Api;

/// <summary>Silences, as an operator sets them.</summary>
[Collection(NodeCollection.Name)]
public sealed class SilenceTests(NodeFixture node) : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_silence_is_set_shown_changed_and_removed()
    {
        var ends = TimeProvider.System.GetUtcNow().AddHours(1);
        var made = await node.AnswerAsync(HttpMethod.Put, "/v1/silences/api-test", HttpStatusCode.OK, new
        {
            caps = "NOBODY-*", endsAt = ends, reason = "Deploy",
        });
        Assert.Equal(("api-test", "NOBODY-*", "Deploy", true), (made.Text("id"), made.Text("caps"), made.Text("reason"), made.GetProperty("isActive").GetBoolean()));
        Assert.Equal(made.GetRawText(), (await node.AnswerAsync(HttpMethod.Put, "/v1/silences/api-test", HttpStatusCode.OK, new
        {
            caps = "NOBODY-*", endsAt = ends, reason = "Deploy",
        })).GetRawText());
        var planned = await node.AnswerAsync(HttpMethod.Put, "/v1/silences/api-test", HttpStatusCode.OK, new
        {
            caps = "NOBODY-*", startsAt = ends, endsAt = ends.AddHours(1), reason = "Deploy, later", maxSeverity = "high",
        });
        Assert.False(planned.GetProperty("isActive").GetBoolean());
        var listed = await node.AnswerAsync(HttpMethod.Get, "/v1/silences", HttpStatusCode.OK);
        Assert.Equal(planned.GetRawText(), Assert.Single(
            listed.EnumerateArray(), one => one.Text("id") == "api-test").GetRawText());
        await node.AnswerAsync(HttpMethod.Delete, "/v1/silences/api-test", HttpStatusCode.NoContent);
        var problem = await node.AnswerAsync(HttpMethod.Delete, "/v1/silences/api-test", HttpStatusCode.NotFound);
        Assert.Equal("urn:caporleans:problem:no-such-silence", problem.Text("type"));
    }

    [Theory]
    [InlineData("caps", """{"endsAt":"+1h","reason":"x"}""")]
    [InlineData("caps", """{"caps":"A|B","endsAt":"+1h","reason":"x"}""")]
    [InlineData("endsAt", """{"caps":"*","reason":"x"}""")]
    [InlineData("endsAt", """{"caps":"*","endsAt":"tomorrow","reason":"x"}""")]
    [InlineData("endsAt", """{"caps":"*","endsAt":"2026-12-01T04:30:00","reason":"x"}""")]
    [InlineData("endsAt", """{"caps":"*","endsAt":"-1h","reason":"x"}""")]
    [InlineData("endsAt", """{"caps":"*","endsAt":"+1h","startsAt":"+2h","reason":"x"}""")]
    [InlineData("endsAt", """{"caps":"*","endsAt":"+800h","reason":"x"}""")]
    [InlineData("startsAt", """{"caps":"*","endsAt":"+9000h","startsAt":"+8999h","reason":"x"}""")]
    [InlineData("reason", """{"caps":"*","endsAt":"+1h"}""")]
    [InlineData("reason", """{"caps":"*","endsAt":"+1h","reason":""}""")]
    [InlineData("maxSeverity", """{"caps":"*","endsAt":"+1h","reason":"x","maxSeverity":"bad"}""")]
    [InlineData("until", """{"caps":"*","endsAt":"+1h","reason":"x","until":"+1h"}""")]
    public async Task What_is_no_silence_is_refused_with_the_field(string field, string body)
    {
        foreach (var hours in (int[])[-1, 1, 2, 800, 8999, 9000])
        {
            body = body.Replace($"\"{hours:+0;-0}h\"", $"\"{TimeProvider.System.GetUtcNow().AddHours(hours):O}\"", StringComparison.Ordinal);
        }

        var problem = await node.AnswerAsync(HttpMethod.Put, "/v1/silences/refused", HttpStatusCode.BadRequest, JsonElement.Parse(body));
        Assert.Equal(("urn:caporleans:problem:invalid-field", field), (problem.Text("type"), problem.Text("field")));
    }

    [Fact]
    public async Task The_number_of_ladders_is_limited()
    {
        await using var api = await LoneApi.StartAsync(new Dictionary<string, Func<object?[], Task>>
        {
            ["ILaddersGrain.PolicyAsync"] = _ => Task.FromResult(new PagingPolicy([], [], [])),
            ["ILaddersGrain.SilenceAsync"] = _ => Task.FromResult(new SilenceRuling(PutVerdict.Full)),
        });
        using var answer = await api.Http.PutAsJsonAsync("/v1/silences/one-more", new
        {
            caps = "*", endsAt = TimeProvider.System.GetUtcNow().AddHours(1), reason = "Deploy",
        });
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((HttpStatusCode.Conflict, "urn:caporleans:problem:silences-full"), (answer.StatusCode, problem.Text("type")));
    }

    [Fact]
    public async Task A_silence_is_set_listed_and_removed_by_command()
    {
        var cap = new CapCommand(
            directory.Path, ("DATA_DIR", directory.Path), ("CAP_API", $"{node.Api.BaseAddress}"),
            ("CAP_TOKEN", node.Operator.DefaultRequestHeaders.Authorization!.Parameter!));
        var (code, output) = await cap.RunAsync("silence", "set", "by-command", "--caps", "NOBODY-*", "--for", "90m", "--reason", "Deploy 42");
        Assert.True(code == 0, output);
        var silence = JsonElement.Parse(output);
        Assert.Equal(90, (silence.GetProperty("endsAt").GetDateTimeOffset() - silence.GetProperty("setAt").GetDateTimeOffset()).TotalMinutes, 0.5);
        (code, output) = await cap.RunAsync("silence", "list");
        Assert.True(code == 0 && output.Contains("by-command", StringComparison.Ordinal), output);
        (code, output) = await cap.RunAsync("silence", "remove", "by-command");
        Assert.Equal((0, "removed"), (code, output.Trim()));
    }
}
