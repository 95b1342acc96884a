using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace CapOrleans.TestHost;

/// <summary>A real EVM node on a free port.</summary>
public sealed class DevChain : IDisposable
{
    private readonly Child node;

    private DevChain(Child node, int port) => (this.node, Url) = (node, new Uri($"http://127.0.0.1:{port}"));

    public Uri Url { get; }

    public int ProcessId => node.Id;

    private static string Program => Repository.File(
        "deploy", "npm", "node_modules", "@foundry-rs",
        RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "anvil-linux-arm64" : "anvil-linux-amd64", "bin", "anvil");

    /// <param name="more">Further command-line options of the node.</param>
    public static async Task<DevChain> StartAsync(int? port = null, params string[] more)
    {
        var chosen = port ?? Child.FreePort();
        var node = Child.Start(Program, ["--port", $"{chosen}", "--prune-history", "500", .. more]); // else old states stay on disk
        await node.LineAsync("Listening on", TimeSpan.FromMinutes(1));
        return new DevChain(node, chosen);
    }

    public async Task<JsonElement> CallAsync(string method, params object[] parameters)
    {
        using var http = new HttpClient();
        using var response = await http.PostAsJsonAsync(Url, new { jsonrpc = "2.0", id = 1, method, @params = parameters });
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("result");
    }

    public void Dispose() => node.Dispose();
}
