using System.Text.Json;

namespace CapOrleans.Tests.Cli;

/// <summary>API keys of a real service, managed with the command.</summary>
[Collection(NodeCollection.Name)]
public sealed class OperatorCommandTests(NodeFixture node) : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_key_is_made_and_revoked_and_the_command_says_so()
    {
        var cap = new CapCommand(
            directory.Path, ("DATA_DIR", directory.Path), ("CAP_API", $"{node.Api.BaseAddress}"), ("CAP_TOKEN", node.Operator.DefaultRequestHeaders.Authorization!.Parameter!));
        var (code, output) = await cap.RunAsync("operator", "create", "visitor", "--scope", "read");
        Assert.True(code == 0, output);
        var id = JsonElement.Parse(output).Text("id");
        (code, output) = await cap.RunAsync("operator", "revoke", id);
        Assert.Equal((0, "revoked"), (code, output.Trim()));
    }
}
