using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Api;

/// <summary>
/// What client generators make of the descriptions: types for openapi-fetch, and an SDK of @hey-api/openapi-ts. Each is
/// compiled in strict mode and run against the service.
/// </summary>
[Collection(NodeCollection.Name)]
public sealed class GeneratedClientTests(NodeFixture node) : IDisposable
{
    private readonly TempDirectory directory = new();

    private static string Folder => Repository.File("tests", "clients", "openapi");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_linter_finds_no_fault_in_the_descriptions()
    {
        await File.WriteAllTextAsync(directory.File("api.json"), await node.Api.GetStringAsync("/openapi/v1.json"));
        await File.WriteAllTextAsync(directory.File("gate.json"), await node.Gate.GetStringAsync("/openapi/v1.json"));
        await RunAsync("@redocly/cli/bin/cli.js", "lint", directory.File("api.json"), directory.File("gate.json"));
    }

    [Fact]
    public async Task Clients_that_others_generate_register_send_page_filter_and_read_a_problem()
    {
        await File.WriteAllTextAsync(directory.File("api.json"), await node.Api.GetStringAsync("/openapi/v1.json"));
        foreach (var file in (string[])["with-openapi-fetch.ts", "with-openapi-ts.ts", "tsconfig.json", "package.json"])
        {
            File.Copy(Path.Combine(Folder, file), directory.File(file));
        }

        File.CreateSymbolicLink(directory.File("node_modules"), Path.Combine(Folder, "node_modules"));
        await RunAsync("openapi-typescript/bin/cli.js", directory.File("api.json"), "-o", directory.File("made/types.d.ts"));
        await RunAsync("@hey-api/openapi-ts/bin/run.js", "-i", directory.File("api.json"), "-o", directory.File("made/sdk"));
        await RunAsync("typescript/bin/tsc", "-p", directory.Path);
        foreach (var program in (string[])["with-openapi-fetch", "with-openapi-ts"])
        {
            Assert.Equal("ok", (await NodeAsync(directory.File($"built/{program}.js"), Given($"GENERATED-{program}"))).Trim());
        }
    }

    private string Given(string capId)
    {
        var key = PrivateKey.Create();
        JsonObject Incident(string id, string severity) =>
            TestIncident.Signed(key, capId, id, TimeProvider.System.GetUtcNow(), incident => incident["severity"] = severity);
        return new JsonObject
        {
            ["api"] = $"{node.Api.BaseAddress!.GetLeftPart(UriPartial.Authority)}",
            ["token"] = node.Operator.DefaultRequestHeaders.Authorization!.Parameter,
            ["capId"] = capId,
            ["address"] = key.Address.ToString(),
            ["incidents"] = new JsonArray(Incident("G-1", "normal"), Incident("G-2", "high"), Incident("G-3", "normal")),
            ["refused"] = Incident("G-4", "critcal"),
        }.ToJsonString();
    }

    private Task<string> RunAsync(string program, params string[] arguments) => NodeAsync(Path.Combine(Folder, "node_modules", program),
        arguments);

    private async Task<string> NodeAsync(string program, params string[] arguments)
    {
        Assert.True(File.Exists(program), $"{program} is not there: npm ci in tests/clients/openapi, which ./test does.");
        using var child = Child.Start(
            "node", [program, .. arguments], new Dictionary<string, string> { ["REDOCLY_TELEMETRY"] = "off",
                ["REDOCLY_SUPPRESS_UPDATE_NOTICE"] = "true" },
            directory.Path);
        var code = await child.ExitAsync();
        Assert.True(code == 0, child.Output);
        return child.Output;
    }
}
