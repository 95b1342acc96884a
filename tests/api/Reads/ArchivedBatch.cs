using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CapOrleans.Core.Archive;

namespace CapOrleans.Tests.Api.Reads;

/// <summary>An archived incident, and the batch that contains it.</summary>
internal static class ArchivedBatch
{
    private static readonly ConditionalWeakTable<NodeFixture, Task<(Cid Record, Cid Manifest)>> Made = [];

    /// <summary>Creates it once per node.</summary>
    public static Task<(Cid Record, Cid Manifest)> MakeAsync(NodeFixture node) => Made.GetValue(node, SendAsync);

    private static async Task<(Cid Record, Cid Manifest)> SendAsync(NodeFixture node)
    {
        var incidents = Enumerable.Range(0, 3).Select(_ => node.Incident()).ToList();
        await Task.WhenAll(incidents.Select(async incident => (await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident))).Dispose()));
        var view = await node.SettledAsync("SYS-CORE", (string)incidents[^1]["task_id"]!);
        var (index, after) = (view.GetProperty("log").GetProperty("index").GetInt64(), view.GetProperty("log").GetProperty("index").GetInt64());
        while (true)
        {
            var page = await node.Api.GetFromJsonAsync<JsonElement>($"/v1/audit?limit=500&log={view.GetProperty("log").Text("origin").Split('/')[^1]}&after={after}");
            foreach (var item in page.GetProperty("items").EnumerateArray())
            {
                after = item.GetProperty("index").GetInt64();
                if (item.Text("kind") == "archive.batched" && item.GetProperty("entry").GetProperty("body") is var body
                    && body.GetProperty("from").GetInt64() <= index && body.GetProperty("to").GetInt64() > index)
                {
                    return (Read(view.GetProperty("archive").Text("cid")), Read(body.Text("root")));
                }
            }

            Assert.NotEmpty(page.GetProperty("items").EnumerateArray());
        }
    }

    private static Cid Read(string text) => Cid.TryParse(text, out var cid) ? cid : throw new FormatException(text);
}
