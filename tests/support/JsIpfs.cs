using System.Text.Json.Nodes;

namespace CapOrleans.Tests.Support;

/// <summary>
/// js-ipfs 0.66 as a process of its own, offline: the only real node with Kubo's RPC API that npm has.
/// </summary>
public sealed class JsIpfs : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly Dictionary<string, string> environment;
    private readonly string program = Repository.File("tests", "clients", "js-ipfs", "node_modules", "ipfs", "src", "cli.js");
    private Child? daemon;

    private JsIpfs() => environment = new Dictionary<string, string>
    {
        ["IPFS_PATH"] = directory.File("repo"), ["NODE_OPTIONS"] = $"--require {Repository.File("tests", "clients", "js-ipfs", "shim.cjs")}",
    };

    /// <summary>Stays the same across restarts.</summary>
    public Uri Url { get; } = new($"http://127.0.0.1:{Child.FreePort()}");

    public static async Task<JsIpfs> StartAsync()
    {
        var node = new JsIpfs();
        Assert.True(File.Exists(node.program), "./test installs js-ipfs: npm ci in tests/clients/js-ipfs.");
        using (var made = Child.Start("node", [node.program, "init", "--profile", "test", "--emptyRepo"], node.environment))
        {
            Assert.True(await made.ExitAsync() == 0, made.Output);
        }

        var file = node.directory.File("repo/config");
        var config = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        var addresses = config["Addresses"]!.AsObject();
        addresses["API"] = $"/ip4/127.0.0.1/tcp/{node.Url.Port}";
        (addresses["Gateway"], addresses["RPC"]) = ($"/ip4/127.0.0.1/tcp/{Child.FreePort()}", $"/ip4/127.0.0.1/tcp/{Child.FreePort()}");
        addresses["Swarm"] = new JsonArray();
        await File.WriteAllTextAsync(file, config.ToJsonString());
        await node.ComeBackAsync();
        return node;
    }

    public void GoAway()
    {
        daemon!.Kill9();
        daemon.Dispose();
    }

    public async Task ComeBackAsync()
    {
        if (Directory.Exists(directory.File("repo/repo.lock")))
        {
            Directory.Delete(directory.File("repo/repo.lock"), recursive: true); // left by a node that was killed
        }

        daemon = Child.Start("node", [program, "daemon", "--offline", "--enable-preload=false"], environment);
        await daemon.LineAsync("Daemon is ready", TimeSpan.FromSeconds(120));
    }

    public void Dispose()
    {
        daemon?.Dispose();
        directory.Dispose();
    }
}
