using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CapOrleans.Client;
using CapOrleans.Contracts.Heartbeats;

namespace CapOrleans.Tests.Api.Heartbeats;

/// <summary>Heartbeats as hosts send them, with cap and over HTTP.</summary>
[Collection(NodeCollection.Name)]
public sealed class HeartbeatCommandTests(NodeFixture node) : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_job_ends_as_it_would_alone_and_its_failure_is_an_incident_until_it_succeeds()
    {
        var failed = await CapAsync("heartbeat", "nightly", "--cron", "0 3 * * *", "--zone", "Europe/Berlin", "--grace", "2h", "--",
            "/bin/sh", "-c", "echo out; exit 7");
        Assert.Equal((7, "out"), (failed.Code, failed.Output.Trim()));
        var row = await RowAsync("nightly");
        Assert.Equal(("failed", 7, "Europe/Berlin"), (row.Text("state"), row.GetProperty("exitStatus").GetInt32(), row.Text("timeZone")));
        var incident = await node.AnswerAsync(HttpMethod.Get, $"/v1/incidents/SYS-CORE/{row.Text("incident")}", HttpStatusCode.OK);
        Assert.Equal(("nightly failed with exit status 7.", "open"), (incident.Text("description"), incident.Text("state")));

        Assert.Equal(0, (await CapAsync("heartbeat", "nightly", "--cron", "0 3 * * *", "--zone", "Europe/Berlin", "--grace", "2h",
            "--", "/bin/true")).Code);
        Assert.Equal("up", (await RowAsync("nightly")).Text("state"));
        var resolved = await node.AnswerAsync(HttpMethod.Get, $"/v1/incidents/SYS-CORE/{row.Text("incident")}", HttpStatusCode.OK);
        Assert.Equal("resolved", resolved.Text("state"));

        Assert.Contains("nightly", (await CapAsync("heartbeat", "list")).Output, StringComparison.Ordinal);
        Assert.Equal((0, "removed"), (await CapAsync("heartbeat", "remove", "nightly")) is var removed ? (removed.Code,
            removed.Output.Trim()) : default);
        var gone = await node.AnswerAsync(HttpMethod.Delete, "/v1/caps/SYS-CORE/heartbeats/nightly", HttpStatusCode.NotFound);
        Assert.Equal("urn:caporleans:problem:no-such-heartbeat", gone.Text("type"));
    }

    [Fact]
    public async Task A_single_one_is_sent_and_ended_and_says_what_is_wrong()
    {
        Assert.Equal((0, "sent"), (await CapAsync("heartbeat", "single", "--every", "1m", "--grace", "30s")) is var sent ? (sent.Code,
            sent.Output.Trim()) : default);
        Assert.Equal(60, (await RowAsync("single")).GetProperty("everySeconds").GetInt32());
        Assert.Equal(0, (await CapAsync("heartbeat", "single", "--every", "1m", "--grace", "30s", "--end")).Code);
        Assert.DoesNotContain("single", (await CapAsync("heartbeat", "list")).Output, StringComparison.Ordinal);
        var wrong = await CapAsync("heartbeat", "single", "--grace", "30s");
        Assert.Contains("--every, --cron or --on-calendar", wrong.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, wrong.Code);
        var both = await CapAsync("heartbeat", "single", "--every", "1m", "--on-calendar", "daily", "--grace", "30s");
        Assert.NotEqual(0, both.Code);
        var never = await CapAsync("heartbeat", "single", "--on-calendar", "2020-01-01", "--grace", "30s");
        Assert.Contains("--on-calendar is a calendar event", never.Output, StringComparison.Ordinal);
        Assert.NotEqual(0, never.Code);
    }

    [Fact]
    public async Task A_job_of_a_systemd_timer_is_expected_when_the_timer_elapses()
    {
        Assert.Equal(0, (await CapAsync("heartbeat", "timer", "--on-calendar", "Mon..Fri 02:30:15 Europe/Berlin", "--grace", "2m")).Code);
        var row = await RowAsync("timer");
        Assert.Equal(("30 02 * * MON-FRI", "Europe/Berlin", 135), (row.Text("cron"), row.Text("timeZone"),
            row.GetProperty("graceSeconds").GetInt32()));
        Assert.Equal(0, (await CapAsync("heartbeat", "timer", "--on-calendar", "daily", "--grace", "2m")).Code);
        Assert.Equal(TimeZoneInfo.Local.Id, (await RowAsync("timer")).Text("timeZone"));
        Assert.Equal(0, (await CapAsync("heartbeat", "remove", "timer")).Code);
    }

    [Fact]
    public async Task A_job_runs_though_nothing_answers()
    {
        var cap = Cap(("CAP_API", $"http://127.0.0.1:{Child.FreePort()}"));
        var (code, output) = await cap.RunAsync("heartbeat", "alone", "--every", "1m", "--grace", "30s", "--", "/bin/sh", "-c",
            "echo ran; exit 3");
        Assert.Equal(3, code);
        Assert.Contains("ran", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_HTTP_a_wrong_member_is_named_and_after_the_last_one_there_is_nothing()
    {
        var now = TimeProvider.System.GetUtcNow();
        HeartbeatRequest Signed(HeartbeatEvent happened, int later) => HeartbeatSigner.Sign(
            "SYS-CORE", "by-http", happened, null, new(60, null, null), 60, "high", node.Reporter, now.AddMilliseconds(later));
        using var sent = await PostAsync(Signed(HeartbeatEvent.Success, 0));
        Assert.Equal((HttpStatusCode.OK, "up"), (sent.StatusCode, (await sent.Content.ReadFromJsonAsync<JsonElement>()).Text("state")));
        using var wrong = await PostAsync(Signed(HeartbeatEvent.Success, 1) with { GraceSeconds = 1 });
        Assert.Equal((HttpStatusCode.BadRequest, "graceSeconds"), (wrong.StatusCode,
            (await wrong.Content.ReadFromJsonAsync<JsonElement>()).Text("field")));
        using var forged = await PostAsync(Signed(HeartbeatEvent.Success, 2) with { ExitStatus = 0 });
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
        using var ended = await PostAsync(Signed(HeartbeatEvent.End, 3));
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        using var nowhere = await node.Api.PostAsJsonAsync("/v1/caps/NOBODY-9/heartbeats/x", Signed(HeartbeatEvent.Success, 4));
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
    }

    private Task<HttpResponseMessage> PostAsync(HeartbeatRequest heartbeat) =>
        node.Api.PostAsJsonAsync("/v1/caps/SYS-CORE/heartbeats/by-http", heartbeat);

    private async Task<JsonElement> RowAsync(string name) =>
        (await node.AnswerAsync(HttpMethod.Get, "/v1/caps/SYS-CORE/heartbeats",
            HttpStatusCode.OK)).EnumerateArray().Single(row => row.Text("name") == name);

    private Task<(int Code, string Output)> CapAsync(params string[] words) => Cap(("CAP_API", $"{node.Api.BaseAddress}")).RunAsync(words);

    private CapCommand Cap((string, string) api)
    {
        File.WriteAllText(directory.File("identity.key"), node.Reporter.ExportHex());
        File.SetUnixFileMode(directory.File("identity.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new CapCommand(
            directory.Path, ("DATA_DIR", directory.Path), api, ("CAP_TOKEN",
                node.Operator.DefaultRequestHeaders.Authorization!.Parameter!));
    }
}
