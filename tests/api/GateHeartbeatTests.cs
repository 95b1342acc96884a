using System.Globalization;
using System.Net.Http.Json;
using System.Net;
using System.Text.Json;
using CapOrleans.Contracts;
using CapOrleans.Core.Gates;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Api;

/// <summary>Gates announce themselves to the cluster.</summary>
[Collection(NodeCollection.Name)]
public sealed class GateHeartbeatTests(NodeFixture node)
{
    private readonly PrivateKey key = PrivateKey.Create();

    [Fact]
    public async Task The_node_s_own_gate_has_joined_and_the_log_says_so()
    {
        await Eventually.TrueAsync(async () => (await ListAsync()).Any(gate => gate.Text("gate") == "fixture" && !gate.GetProperty("isSilent").GetBoolean()));
        var joined = new List<JsonElement>();
        await Eventually.TrueAsync(async () => (joined = await JoinedAsync()).Count > 0);
        var status = await node.Gate.GetFromJsonAsync<JsonElement>("/v1/gate/status");
        Assert.Equal(status.Text("address"), Assert.Single(joined).GetProperty("entry").GetProperty("body").Text("address"));
        Assert.Equal(JsonValueKind.Null, status.GetProperty("heartbeatError").ValueKind);
    }

    [Fact]
    public async Task The_node_adds_its_own_gate()
    {
        var body = Assert.Single(await EntriesAsync("gate.added", "fixture")).GetProperty("entry").GetProperty("body");
        Assert.Equal(("service", JsonValueKind.Null), (body.Text("by"), body.GetProperty("byName").ValueKind));
    }

    private Task<List<JsonElement>> JoinedAsync() => EntriesAsync("gate.joined", "fixture");

    private async Task<List<JsonElement>> EntriesAsync(string kind, string name)
    {
        var joined = new List<JsonElement>();
        for (var after = "-1"; after != "null";)
        {
            var page = await node.Api.GetFromJsonAsync<JsonElement>($"/v1/audit?log=0&limit=100&after={after}");
            joined.AddRange(page.GetProperty("items").EnumerateArray().Where(entry =>
                entry.Text("kind") == kind && entry.GetProperty("entry").GetProperty("body").Text("gate") == name));
            after = page.GetProperty("next").GetRawText();
        }

        return joined;
    }

    [Fact]
    public async Task A_heartbeat_counts_once_and_only_from_the_key_that_has_the_name()
    {
        Assert.Equal((HttpStatusCode.Created, ""), await AddAsync("beat-1", $"{key.Address}"));
        var (at, later) = (TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1));
        Assert.Equal((HttpStatusCode.NoContent, ""), await BeatAsync("beat-1", key, at));
        Assert.Equal((HttpStatusCode.Conflict, "timestamp"), await BeatAsync("beat-1", key, at));
        using var stale = await node.Api.PostAsJsonAsync("/v1/gates/beat-1/heartbeats", Heartbeat("beat-1", key, at, 0, 0));
        Assert.Equal("stale-heartbeat", ProblemTypes.NameIn(await stale.Content.ReadAsByteArrayAsync()));
        Assert.Equal((HttpStatusCode.Forbidden, "gate"), await BeatAsync("beat-1", PrivateKey.Create(), later));
        // The number is not the one that was signed.
        Assert.Equal((HttpStatusCode.Forbidden, "gate"), await BeatAsync("beat-1", key, later, waiting: 7, signedWaiting: 0));
        Assert.Equal((HttpStatusCode.NoContent, ""), await BeatAsync("beat-1", key, later, waiting: 7));
        Assert.Equal(7, (await ListAsync()).Single(gate => gate.Text("gate") == "beat-1").GetProperty("waiting").GetInt64());
    }

    [Fact]
    public async Task Only_an_admin_assigns_a_name_and_the_log_records_who_did()
    {
        // An API key makes no difference.
        Assert.Equal((HttpStatusCode.Forbidden, "gate-unknown"), await BeatTypeAsync("named-1", node.Operator));
        Assert.Equal((HttpStatusCode.Unauthorized, "unauthenticated"), await AddAsync("named-1", $"{key.Address}", node.Api));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid-field"), await AddAsync("named-1", "0x1"));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid-field"), await AddAsync("a b", $"{key.Address}"));
        Assert.Equal((HttpStatusCode.Created, ""), await AddAsync("named-1", $"{key.Address}"));
        Assert.Equal((HttpStatusCode.OK, ""), await AddAsync("named-1", $"{key.Address}".ToLowerInvariant()));
        Assert.Equal((HttpStatusCode.Conflict, "gate-of-another-key"), await AddAsync("named-1", $"{PrivateKey.Create().Address}"));
        Assert.Equal((HttpStatusCode.NoContent, ""), await BeatTypeAsync("named-1", node.Api));

        using var removed = await node.Operator.DeleteAsync("/v1/gates/named-1");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        foreach (var kind in (string[])["gate.added", "gate.removed"])
        {
            var body = Assert.Single(await EntriesAsync(kind, "named-1")).GetProperty("entry").GetProperty("body");
            Assert.StartsWith("key:", body.Text("by"), StringComparison.Ordinal);
            Assert.Equal(("first", $"{key.Address}"), (body.Text("byName"), body.Text("address")));
        }
    }

    private async Task<(HttpStatusCode Status, string Type)> AddAsync(string gate, string address, HttpClient? by = null)
    {
        using var answer = await (by ?? node.Operator).PutAsJsonAsync($"/v1/gates/{gate}", new { address });
        return (answer.StatusCode, await TypeAsync(answer));
    }

    private async Task<(HttpStatusCode Status, string Type)> BeatTypeAsync(string gate, HttpClient by)
    {
        var heartbeat = Heartbeat(gate, key, TimeProvider.System.GetUtcNow(), 0, 0);
        using var answer = await by.PostAsJsonAsync($"/v1/gates/{gate}/heartbeats", heartbeat);
        return (answer.StatusCode, await TypeAsync(answer));
    }

    private static async Task<string> TypeAsync(HttpResponseMessage answer) =>
        answer.IsSuccessStatusCode ? "" : (await answer.Content.ReadFromJsonAsync<JsonElement>()).Text("type").Split(':')[^1];

    [Theory]
    [InlineData("a b", "{}", "gate")]
    [InlineData("x", "{}", "timestamp")]
    [InlineData("x", """{"timestamp":"now"}""", "timestamp")]
    [InlineData("x", """{"timestamp":"2026-11-28T12:00:00Z","waiting":-1}""", "waiting")]
    [InlineData("x", """{"timestamp":"2026-11-28T12:00:00Z","waiting":0}""", "dead")]
    [InlineData("x", """{"timestamp":"2026-11-28T12:00:00Z","waiting":0,"dead":0,"signature":"0x"}""", "signature")]
    [InlineData("x", """{"waiting":"7"}""", "waiting")]
    [InlineData("x", """{"more":1}""", "more")]
    public async Task What_is_no_heartbeat_is_refused_by_name(string gate, string body, string field)
    {
        using var answer = await node.Api.PostAsync($"/v1/gates/{gate}/heartbeats", NodeFixture.Json(System.Text.Encoding.UTF8.GetBytes(body)));
        Assert.Equal((HttpStatusCode.BadRequest, field), (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>()).Text("field")));
    }

    private async Task<IEnumerable<JsonElement>> ListAsync() => (await node.Api.GetFromJsonAsync<JsonElement>("/v1/gates")).EnumerateArray();

    private async Task<(HttpStatusCode Status, string Field)> BeatAsync(string gate, PrivateKey by, DateTimeOffset at, long waiting = 0, long? signedWaiting = null)
    {
        var heartbeat = Heartbeat(gate, by, at, waiting, signedWaiting ?? waiting);
        using var answer = await node.Api.PostAsJsonAsync($"/v1/gates/{gate}/heartbeats", heartbeat);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? "" : (await answer.Content.ReadFromJsonAsync<JsonElement>()).Text("field"));
    }

    private static object Heartbeat(string gate, PrivateKey by, DateTimeOffset at, long waiting, long signedWaiting)
    {
        var timestamp = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        return new { timestamp, waiting, dead = 0, signature = by.Sign(SignedHeartbeat.Hash(gate, timestamp, signedWaiting, 0)).ToString() };
    }
}
