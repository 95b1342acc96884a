using System.Net;
using System.Text.Json;
using CapOrleans.Core.Archive;

namespace CapOrleans.Tests.Api.Reads;

[Collection(NodeCollection.Name)]
public sealed class GatewayTests(NodeFixture node)
{
    private const string Raw = "application/vnd.ipld.raw", Car = "application/vnd.ipld.car", Probe = "bafkqaaa";
    private const string CarOf = Car + "; version=1; order=dfs; dups=";

    [Theory]
    [InlineData("", null, "application/json", "")]
    [InlineData("", "*/*", "application/json", "")]
    [InlineData("", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json", "")]
    [InlineData("", "no type at all", "application/json", "")]
    [InlineData("?format=raw", null, Raw, ".raw")]
    [InlineData("?format=raw", Car, Raw, ".raw")]
    [InlineData("", Raw, Raw, ".raw")]
    [InlineData("", "*/*, " + Raw, Raw, ".raw")]
    [InlineData("?format=car", null, CarOf + "n", ".car.all.n")]
    [InlineData("?format=car", "application/json", CarOf + "n", ".car.all.n")]
    [InlineData("?format=car", Car + "; dups=y", CarOf + "y", ".car.all.y")]
    [InlineData("?format=car&car-dups=n", Car + "; dups=y", CarOf + "n", ".car.all.n")]
    [InlineData("?format=car&car-version=1&car-order=unk&car-dups=y&dag-scope=entity", null, CarOf + "y", ".car.block.y")]
    [InlineData("?format=car&entity-bytes=0:*", null, CarOf + "n", ".car.block.n")]
    [InlineData("", Car + ";version=1;order=dfs;dups=n", CarOf + "n", ".car.all.n")]
    [InlineData("", Raw + ";q=0.5, " + Car + ";q=0.9", CarOf + "n", ".car.all.n")]
    [InlineData("", Car + ";order=sideways, " + Car + ";order=\"dfs\";q=0.5", CarOf + "n", ".car.all.n")]
    [InlineData("", Car + ";version=2, " + Raw + ";q=0.1", Raw, ".raw")]
    public async Task A_block_is_returned_in_the_requested_form(string query, string? accept, string type, string tag)
    {
        var (record, _) = await ArchivedBatch.MakeAsync(node);
        using var answer = await SendAsync(HttpMethod.Get, $"{record}{query}", accept);
        using var head = await SendAsync(HttpMethod.Head, $"{record}{query}", accept);
        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(type.StartsWith(Car, StringComparison.Ordinal) ? ReadCar(body).Blocks.Single().Cid == record : record.Matches(body));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        foreach (var one in (HttpResponseMessage[])[answer, head])
        {
            Assert.Equal((HttpStatusCode.OK, type), (one.StatusCode, $"{one.Content.Headers.ContentType}"));
            Assert.Equal($"\"{record}{tag}\"", $"{one.Headers.ETag}");
            Assert.Equal("public, max-age=29030400, immutable", Header(one, "Cache-Control"));
            Assert.Equal(($"/ipfs/{record}", record.Text), (Header(one, "X-Ipfs-Path"), Header(one, "X-Ipfs-Roots")));
            Assert.Equal(("nosniff", "Accept"), (Header(one, "X-Content-Type-Options"), Header(one, "Vary")));
            Assert.Equal(tag.Length == 0 ? "" : $"attachment; filename=\"{record}.{(tag == ".raw" ? "bin" : "car")}\"", $"{one.Content.Headers.ContentDisposition}");
            Assert.Equal(tag.Length > 0 && query.Length == 0, one.Content.Headers.ContentLocation is not null);
        }

        if (answer.Content.Headers.ContentLocation is { } location)
        {
            using var there = await node.Api.GetAsync(location);
            Assert.Equal(body, await there.Content.ReadAsByteArrayAsync());
            Assert.Equal(answer.Headers.ETag, there.Headers.ETag);
        }
    }

    [Theory]
    [InlineData("?format=tar", null, 400, "format")]
    [InlineData("?format=ipns-record", null, 400, "format")]
    [InlineData("?format=raw&format=car", null, 400, "format")]
    [InlineData("?format=car&dag-scope=half", null, 400, "dag-scope")]
    [InlineData("?format=car&car-version=2", null, 400, "car-version")]
    [InlineData("?format=car&car-order=sideways", null, 400, "car-order")]
    [InlineData("?format=car&car-dups=maybe", null, 400, "car-dups")]
    [InlineData("", Car + ";version=2", 406, "Accept")]
    [InlineData("", Car + ";order=sideways, text/html", 406, "Accept")]
    [InlineData("?format=car", Car + ";version=2", 406, "Accept")]
    [InlineData("", "application/vnd.ipfs.ipns-record", 406, "Accept")]
    [InlineData("", "application/vnd.ipld.dag-json", 406, "Accept")]
    public async Task What_cannot_be_given_is_a_problem_that_names_its_field(string query, string? accept, int status, string field)
    {
        foreach (var cid in (string[])[Probe, $"{(await ArchivedBatch.MakeAsync(node)).Manifest}"])
        {
            using var answer = await SendAsync(HttpMethod.Get, $"{cid}{query}", accept);
            Assert.Equal((status, field), ((int)answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).Text("field")));
            Assert.Null(answer.Headers.ETag);
        }
    }

    public static TheoryData<string, string> CidTexts => Vectors.Cases("cid-invalid.json", "cases");

    [Theory, MemberData(nameof(CidTexts))]
    public async Task No_text_in_place_of_a_CID_is_a_server_error(string name, string json)
    {
        var text = JsonElement.Parse(json).Text("text");
        if (text.Length is 0 or > 4000 || text is "." or ".." || text.Contains('\0', StringComparison.Ordinal))
        {
            return; // a different path, or none
        }

        foreach (var form in (string[])["", "?format=raw", "?format=car"])
        {
            using var answer = await SendAsync(HttpMethod.Get, Uri.EscapeDataString(text) + form, null);
            Assert.True((int)answer.StatusCode is 400 or 404, $"{name}: {(int)answer.StatusCode}");
            Assert.True(answer.StatusCode != HttpStatusCode.BadRequest || JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync()).Text("field") == "cid", name);
        }
    }

    [Theory]
    [InlineData("?format=raw")]
    [InlineData("?format=car")]
    [InlineData("")]
    public async Task A_missing_block_is_404_and_must_not_be_cached(string query)
    {
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
        {
            using var answer = await SendAsync(method, $"{Cid.Of(Cid.DagCbor, "nowhere"u8)}{query}", null);
            Assert.Equal((HttpStatusCode.NotFound, null), (answer.StatusCode, answer.Headers.CacheControl));
        }
    }

    [Theory]
    [InlineData("{0}", 304)]
    [InlineData("W/{0}", 304)]
    [InlineData("\"other\", {0}", 304)]
    [InlineData("*", 304)]
    [InlineData("\"other\"", 200)]
    public async Task What_a_client_has_cached_is_not_sent_again(string held, int status)
    {
        var (_, manifest) = await ArchivedBatch.MakeAsync(node);
        foreach (var (query, tag) in (IEnumerable<(string, string)>)[("?format=raw", ".raw"), ("?format=car", ".car.all.n"), ("", "")])
        {
            using var answer = await SendAsync(HttpMethod.Get, $"{manifest}{query}", null, string.Format(null, held, $"\"{manifest}{tag}\""));
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal($"\"{manifest}{tag}\"", $"{answer.Headers.ETag}");
            Assert.Equal(status == 304, (await answer.Content.ReadAsByteArrayAsync()).Length == 0);
        }
    }

    [Theory]
    [InlineData("?format=raw", Raw, "")]
    [InlineData("", Raw, "")]
    [InlineData("?format=car", CarOf + "n", "19a265726f6f747381d82a4500015500006776657273696f6e01")]
    public async Task A_probe_for_a_gateway_gets_the_empty_block(string query, string type, string hex)
    {
        using var answer = await SendAsync(HttpMethod.Get, Probe + query, null);
        using var head = await SendAsync(HttpMethod.Head, Probe + query, null);
        Assert.Equal((HttpStatusCode.OK, type, hex), (answer.StatusCode, $"{answer.Content.Headers.ContentType}", Convert.ToHexStringLower(await answer.Content.ReadAsByteArrayAsync())));
        Assert.Equal((HttpStatusCode.OK, type), (head.StatusCode, $"{head.Content.Headers.ContentType}"));
    }

    [Fact]
    public async Task A_manifest_comes_with_its_records_in_their_order_or_alone()
    {
        var (record, manifest) = await ArchivedBatch.MakeAsync(node);
        var (roots, blocks) = ReadCar(await node.Api.GetByteArrayAsync($"/ipfs/{manifest}?format=car"));
        Assert.Equal([manifest], roots);
        Assert.Equal(manifest, blocks[0].Cid);
        Assert.Contains(record, blocks.Select(block => block.Cid));
        Assert.True(DagCbor.TryReadLinks(blocks[0].Bytes, out var links));
        Assert.Equal(links, blocks.Skip(1).Select(block => block.Cid));
        Assert.All(blocks, block => Assert.True(block.Cid.Matches(block.Bytes)));
        foreach (var scope in (string[])["block", "entity"])
        {
            Assert.Equal(manifest, Assert.Single(ReadCar(await node.Api.GetByteArrayAsync($"/ipfs/{manifest}?format=car&dag-scope={scope}")).Blocks).Cid);
        }
    }

    /// <summary>Reads a CAR as CARv1 specifies it, without any of the code that writes it.</summary>
    internal static (IReadOnlyList<Cid> Roots, IReadOnlyList<Block> Blocks) ReadCar(byte[] car)
    {
        var (at, sections) = (0, new List<byte[]>());
        while (at < car.Length)
        {
            var (length, shift) = (0, 0);
            do
            {
                length |= (car[at] & 0x7F) << shift;
                shift += 7;
            }
            while (car[at++] >= 0x80);
            sections.Add(car[at..(at + length)]);
            at += length;
        }

        Assert.True(DagCbor.TryReadLinks(sections[0], out var roots));
        return (roots, [.. sections.Skip(1).Select(section => new Block(Cid.TryRead(section.AsSpan(0, 36), out var cid) ? cid : throw new FormatException(), section[36..]))]);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? accept, string? held = null)
    {
        using var request = new HttpRequestMessage(method, $"/ipfs/{path}");
        Assert.True(accept is null || request.Headers.TryAddWithoutValidation("Accept", accept));
        Assert.True(held is null || request.Headers.TryAddWithoutValidation("If-None-Match", held));
        return await node.Api.SendAsync(request);
    }

    private static string Header(HttpResponseMessage answer, string name) => string.Join(", ", answer.Headers.GetValues(name));
}
