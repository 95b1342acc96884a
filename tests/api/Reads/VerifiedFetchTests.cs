using System.Runtime.InteropServices;
using System.Text.Json;
using CapOrleans.Core.Archive;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Api.Reads;

/// <summary>The gateway as <c>@helia/verified-fetch</c> sees it, which trusts nothing that it has not hashed.</summary>
[Collection(NodeCollection.Name)]
public sealed class VerifiedFetchTests(NodeFixture node)
{
    private static string Folder => Repository.File("tests", "clients", "helia");

    [Fact]
    public async Task A_client_that_verifies_everything_reads_a_record_and_a_manifest_with_its_records()
    {
        var (record, manifest) = await ArchivedBatch.MakeAsync(node);
        var found = await ReadAsync(node.Api.BaseAddress!, 60, record.Text, manifest.Text);
        Assert.Equal(200, found[0].GetProperty("status").GetInt32());
        Assert.Equal(await node.Api.GetStringAsync($"/ipfs/{record}"), found[0].Text("text"));
        Assert.Contains(record.Text, found[1].GetProperty("links").EnumerateArray().Select(link => link.GetString()));
        Assert.All(found[1].GetProperty("records").EnumerateArray(), read =>
        {
            Assert.Equal(200, read.GetProperty("status").GetInt32());
            Assert.Equal(read.Text("cid"), Cid.OfDigest(Cid.Raw, read.Hex("sha256")).Text);
        });
    }

    /// <summary>
    /// Shows that the test above can fail: the same client, and a man in the middle who changes one byte of one record.
    /// </summary>
    [Fact]
    public async Task A_forged_block_is_not_taken()
    {
        var (record, manifest) = await ArchivedBatch.MakeAsync(node);
        var (port, forged) = (Child.FreePort(), 0);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        await using var proxy = builder.Build();
        proxy.MapGet("/ipfs/{cid}", async (string cid, HttpRequest request) =>
        {
            var bytes = await node.Api.GetByteArrayAsync($"/ipfs/{cid}{request.QueryString}");
            if (cid == record.Text)
            {
                bytes[^1] ^= 1;
                Interlocked.Increment(ref forged);
            }

            return Results.Bytes(bytes, "application/vnd.ipld.raw");
        });
        await proxy.StartAsync();
        var found = await ReadAsync(new Uri($"http://127.0.0.1:{port}/"), 15, manifest.Text);
        Assert.Equal(200, found[0].GetProperty("status").GetInt32());
        var records = found[0].GetProperty("records").EnumerateArray().ToLookup(read => read.Text("cid") == record.Text, read => read.GetProperty("status").GetInt32());
        Assert.NotEqual(200, Assert.Single(records[true]));
        Assert.All(records[false], status => Assert.Equal(200, status));
        Assert.True(forged > 0, "The client never asked for it.");
    }

    private static async Task<List<JsonElement>> ReadAsync(Uri gateway, int seconds, params string[] cids)
    {
        var program = Path.Combine(Folder, "node_modules", $"node-linux-{(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64")}", "bin", "node");
        Assert.True(File.Exists(program), "./test installs the client and its Node.js: npm ci in tests/clients/helia.");
        return [.. JsonElement.Parse(await Child.RunAsync(program, [Path.Combine(Folder, "read.mjs"), gateway.ToString().TrimEnd('/'), $"{seconds}", .. cids])).EnumerateArray()];
    }
}
