using System.Text.Json;

namespace CapOrleans.Tests.Cli;

/// <summary>Keys and policy of a CapID, from the command line.</summary>
[Collection(NodeCollection.Name)]
public sealed class CapKeyTests(NodeFixture node) : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task An_admin_key_adds_and_revokes_keys_and_an_operator_sets_the_policy()
    {
        var (_, admin) = await CapAsync("keygen", "--out", directory.File("admin.key"));
        var (_, host) = await CapAsync("keygen", "--out", directory.File("host.key"));
        Assert.Equal(0, (await CapAsync("register", "CLI-KEYS", "--key", host)).Code);
        Assert.Equal(0, (await CapAsync("key", "add", "CLI-KEYS", "--key", admin, "--role", "admin", "--role", "reporter")).Code);
        var (code, changed) = await CapAsync("key", "revoke", "CLI-KEYS", "--key", host, "--reason", "stolen", "--admin-key", directory.File("admin.key"));
        Assert.True(code == 0, changed);
        var (_, listed) = await CapAsync("key", "list", "CLI-KEYS");
        var key = JsonElement.Parse(listed).EnumerateArray().Single(one => one.Text("address") == host);
        Assert.Equal("stolen", key.Text("reason"));
        Assert.Equal(1, (await CapAsync("key", "revoke", "CLI-KEYS", "--key", admin, "--admin-key", directory.File("host.key"))).Code);
        var (_, policy) = await CapAsync("policy", "CLI-KEYS", "--require-full-signature", "true", "--delta-cap-limit", "2.5");
        Assert.Equal((true, 2.5m), (JsonElement.Parse(policy).GetProperty("requireFullSignature").GetBoolean(), JsonElement.Parse(policy).GetProperty("deltaCapLimit").GetDecimal()));
        Assert.Equal(policy, (await CapAsync("policy", "CLI-KEYS")).Output);
    }

    private async Task<(int Code, string Output)> CapAsync(params string[] arguments)
    {
        using var cap = Child.Start(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "cap.dll"), .. arguments],
            new Dictionary<string, string>
            {
                ["DATA_DIR"] = directory.Path, ["API_PORT"] = $"{node.Api.BaseAddress!.Port}",
                ["CAP_TOKEN"] = node.Operator.DefaultRequestHeaders.Authorization!.Parameter!,
            },
            directory.Path);
        var code = await cap.ExitAsync();
        return (code, cap.Output);
    }
}
