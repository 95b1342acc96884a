using System.Net;
using System.Text.Json;
using CapOrleans.Core.Archive;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Cli;

/// <summary>Content from honest gateways, from lying gateways, and from the node's own.</summary>
[Collection(NodeCollection.Name)]
public sealed class IpfsCheckTests(NodeFixture node) : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly Dictionary<string, byte[]> blocks = [];
    private readonly int port = Child.FreePort();
    private WebApplication? gateway;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        gateway = builder.Build();
        gateway.MapGet("/ipfs/{cid}", (string cid, HttpContext context) => blocks.TryGetValue(cid, out var block)
            ? Results.Bytes(block, context.Request.Query["format"] == "raw" ? "application/vnd.ipld.raw" : "application/octet-stream")
            : Results.NotFound());
        await gateway.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await gateway!.DisposeAsync();
        directory.Dispose();
    }

    [Theory]
    [InlineData(262_145, "cidv1-raw-leaves", 3)]
    [InlineData(1024, "kubo-default-cidv0", 1)]
    [InlineData(1024, "cidv1-raw-leaves", 1)]
    public async Task A_file_is_valid_when_every_block_of_it_is(int size, string profile, int count)
    {
        var file = Keep(size, profile);
        var (code, output) = await CheckAsync(file.Text("cid"), "--json");
        Assert.Equal((0, $$"""{"valid":true,"cid":"{{file.Text("cid")}}","blocks":{{count}},"bytes":{{blocks.Values.Sum(block => block.Length)}}}"""), (code, output));
        foreach (var (cid, block) in blocks.ToList())
        {
            blocks[cid] = [.. block[..^1], (byte)(block[^1] ^ 1)];
            (code, output) = await CheckAsync(file.Text("cid"));
            Assert.Equal(1, code);
            Assert.Contains($"different content for {cid}", output, StringComparison.Ordinal);
            blocks.Remove(cid);
            Assert.Contains("answered 404", (await CheckAsync(file.Text("cid"))).Output, StringComparison.Ordinal);
            blocks[cid] = block;
        }
    }

    [Fact]
    public async Task What_the_node_archived_can_be_checked_at_the_node_itself()
    {
        var incident = node.Incident();
        using var accepted = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        var view = await node.SettledAsync("SYS-CORE", (string)incident["task_id"]!);
        var (code, output) = await new CapCommand(directory.Path, ("API_PORT", $"{node.Api.BaseAddress!.Port}")).RunAsync("ipfs", "check", view.GetProperty("archive").Text("cid"));
        Assert.True(code == 0, output);
        Assert.StartsWith("valid: 1 block(s)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_old_validator_s_answers_are_given_on_request()
    {
        var file = Keep(1024, "cidv1-raw-leaves");
        Assert.Equal((0, """{"valid":true,"status":200,"size":1024}"""), await CheckAsync(file.Text("cid"), "--legacy"));
        Assert.Equal((1, """{"valid":false,"status":404,"reason":"Not 200"}"""), await CheckAsync("bafkreihhponjv2pdbmg33nxvccrgj34546avahl3nojk5cplawofvn2d3m", "--legacy"));
        foreach (var placeholder in (string[])["", "null", "N/A"])
        {
            Assert.Equal((1, """{"valid":false,"reason":"Empty or placeholder hash"}"""), await CheckAsync(placeholder, "--legacy"));
        }

        await gateway!.StopAsync();
        var (code, output) = await CheckAsync(file.Text("cid"), "--legacy");
        Assert.Equal(1, code);
        Assert.StartsWith("""{"valid":false,"error":""", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_are_checked_one_after_another_and_the_worst_is_the_exit_code()
    {
        var (good, missing) = (Keep(1024, "cidv1-raw-leaves").Text("cid"), "bafkreihhponjv2pdbmg33nxvccrgj34546avahl3nojk5cplawofvn2d3m");
        var (code, output) = await CheckAsync(missing, good, "N/A", "--json");
        Assert.Equal(1, code);
        Assert.Contains("answered 404", output, StringComparison.Ordinal);
        Assert.Contains($"\"cid\":\"{good}\",\"blocks\":1", output, StringComparison.Ordinal);
        Assert.Contains("'N/A' is not a supported CID", output, StringComparison.Ordinal);
        Assert.Equal(
            (1, """{"valid":true,"status":200,"size":1024}""" + "\n" + """{"valid":false,"status":404,"reason":"Not 200"}"""),
            await CheckAsync(good, missing, "--legacy"));
    }

    [Fact]
    public async Task The_node_says_at_which_of_its_places_a_CID_is()
    {
        var incident = node.Incident();
        using var accepted = await node.Api.PostAsync("/v1/incidents", NodeFixture.Json(incident));
        var cid = (await node.SettledAsync("SYS-CORE", (string)incident["task_id"]!)).GetProperty("archive").Text("cid");
        var token = node.Operator.DefaultRequestHeaders.Authorization!.Parameter!;
        var cap = new CapCommand(directory.Path, ("API_PORT", $"{node.Api.BaseAddress!.Port}"), ("CAP_TOKEN", token));
        Assert.Equal((0, $"{cid}: store ok"), await cap.RunAsync("ipfs", "check", cid, "--locations"));
        const string Nowhere = "bafkreihhponjv2pdbmg33nxvccrgj34546avahl3nojk5cplawofvn2d3m";
        var (code, output) = await cap.RunAsync("ipfs", "check", cid, Nowhere, "--locations", "--json");
        Assert.Equal(1, code);
        Assert.Contains($"{{\"cid\":\"{Nowhere}\",\"locations\":[{{\"location\":\"store\",\"result\":\"missing\"", output, StringComparison.Ordinal);
        Assert.Equal(2, (await cap.RunAsync("ipfs", "check", cid, "--locations", "--legacy")).Code);
    }

    [Fact]
    public async Task What_cannot_be_checked_is_distinguished_from_what_is_wrong()
    {
        Assert.Equal(2, (await CheckAsync("N/A")).Code);
        Assert.Equal(2, (await CheckAsync("bafkqablimvwgy3y")).Code);
        await gateway!.StopAsync();
        Assert.Equal(3, (await CheckAsync("bafkreihhponjv2pdbmg33nxvccrgj34546avahl3nojk5cplawofvn2d3m")).Code);
    }

    /// <summary>Puts a file's blocks into the gateway, split as the IPFS importer does it.</summary>
    private JsonElement Keep(int size, string profile)
    {
        var file = Vectors.Load("cid-files.json").GetProperty("files").EnumerateArray()
            .Single(one => one.GetProperty("size").GetInt32() == size && one.Text("profile") == profile);
        var content = Enumerable.Range(0, size).Select(i => (byte)((i * 31) + (i / 256 * 7) + 5)).ToArray();
        foreach (var leaf in content.Chunk(262_144))
        {
            blocks[Cid.Of(Cid.Raw, leaf).Text] = leaf;
        }

        if (file.Text("codec") == "dag-pb")
        {
            var root = file.Hex("rootBlockHex");
            blocks[Cid.Of(Cid.DagPb, root).Text] = root;
            if (profile == "kubo-default-cidv0")
            {
                blocks.Remove(Cid.Of(Cid.Raw, content).Text);
            }
        }

        return file;
    }

    private Task<(int Code, string Output)> CheckAsync(string cid, params string[] more) =>
        new CapCommand(directory.Path).RunAsync(["ipfs", "check", cid, "--gateway", $"http://127.0.0.1:{port}/ipfs", .. more]);
}
