using System.Net;
using System.Net.Http.Headers;
using CapOrleans.Core.Access;
using CapOrleans.Silo;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Gate;

/// <summary>A gate that is started as in production, without open reads.</summary>
public sealed class GateTokenTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly int port = Child.FreePort();
    private readonly string apiKey = ApiKey.Create().Export();
    private readonly HttpClient http = new();
    private CapNode? node;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(directory.File("key"), apiKey);
        node = await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await node!.DisposeAsync();
        http.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task The_gate_s_status_requires_the_token_in_its_data_directory_and_no_API_key_works()
    {
        var file = directory.File("data/gate-token");
        var text = await File.ReadAllTextAsync(file);
        Assert.Matches("^gate_[0-9a-f]{64}\n$", text);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(null)); // loopback, and closed by Auth__OpenReadsOnLoopback
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(apiKey));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(text.Trim()));

        await node!.DisposeAsync();
        node = await StartAsync();
        Assert.Equal(text, await File.ReadAllTextAsync(file));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(text.Trim()));
    }

    private async Task<HttpStatusCode> StatusAsync(string? bearer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/v1/gate/status");
        request.Headers.Authorization = bearer is null ? null : new AuthenticationHeaderValue("Bearer", bearer);
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private Task<CapNode> StartAsync() => CapNode.StartAsync(
        SettingsReader.Read(name => name switch
        {
            "ROLES" => "gate",
            "DATA_DIR" => directory.File("data"),
            "GATE_PORT" => $"{port}",
            "Gate__Api" => $"http://127.0.0.1:{Child.FreePort()}",
            "Gate__ApiKeyFile" => directory.File("key"),
            "Auth__OpenReadsOnLoopback" => "false",
            _ => null,
        }),
        CancellationToken.None);
}
