using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace CapOrleans.Tests.Api;

/// <summary>Locations of archived content, as an operator asks for them.</summary>
[Collection(NodeCollection.Name)]
public sealed class ArchiveCheckTests(NodeFixture node)
{
    private const string Nowhere = "bafkreihhponjv2pdbmg33nxvccrgj34546avahl3nojk5cplawofvn2d3m";

    [Fact]
    public async Task Each_CID_is_looked_for_at_each_place()
    {
        var incident = node.Incident();
        using var accepted = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        var cid = (await node.SettledAsync("SYS-CORE", (string)incident["task_id"]!)).GetProperty("archive").Text("cid");
        using var answer = await node.Operator.PostAsJsonAsync("/v1/archive/check", new { cids = new[] { Nowhere, cid } });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var items = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal([Nowhere, cid], items.Select(item => item.Text("cid")));
        var (missing, found) = (Assert.Single(items[0].GetProperty("locations").EnumerateArray()), Assert.Single(items[1].GetProperty("locations").EnumerateArray()));
        Assert.Equal(("store", "missing"), (missing.Text("location"), missing.Text("result")));
        Assert.Equal(("store", "ok"), (found.Text("location"), found.Text("result")));
        Assert.True(found.GetProperty("size").GetInt64() > 100 && found.GetProperty("checkedAt").GetDateTimeOffset() > DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public async Task Only_CIDs_can_be_looked_up_and_only_a_hundred_at_once_by_operators()
    {
        foreach (var body in (object[])[
            new { cids = Array.Empty<string>() }, new { cids = (string[]?)null }, new { cids = new[] { "http://127.0.0.1/" } }, new { cids = new[] { (string?)null } },
            new { cids = new[] { $"{Nowhere}?x" } }, new { cids = new[] { $"../{Nowhere}" } }, new { cids = Enumerable.Repeat(Nowhere, 101) }])
        {
            using var refused = await node.Operator.PostAsJsonAsync("/v1/archive/check", body);
            Assert.Equal((HttpStatusCode.BadRequest, "cids"), (refused.StatusCode, (await refused.Content.ReadFromJsonAsync<JsonElement>()).Text("field")));
        }

        using var made = await node.Operator.PostAsJsonAsync("/v1/operators", new { name = "reader", scope = "read" });
        using var reader = new HttpClient { BaseAddress = node.Api.BaseAddress };
        reader.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await made.Content.ReadFromJsonAsync<JsonElement>()).Text("key"));
        using var forbidden = await reader.PostAsJsonAsync("/v1/archive/check", new { cids = new[] { Nowhere } });
        using var stranger = await node.Api.PostAsJsonAsync("/v1/archive/check", new { cids = new[] { Nowhere } });
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized), (forbidden.StatusCode, stranger.StatusCode));
    }
}
