using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using CapOrleans.Core.Signatures;

namespace CapOrleans.TestHost;

/// <summary>One process of the service with its settings, which can be started again.</summary>
/// <param name="wrap">Prefix of the command, for example to run it in a network namespace of its own.</param>
/// <param name="program">Another build of the service; null for this one.</param>
public sealed class Node(Dictionary<string, string> settings, IReadOnlyList<string> wrap, string? program = null) : IDisposable
{
    private Child? process;

    public bool IsStarted => process is not null;

    public Child Process => process ?? throw new InvalidOperationException("The node was not started.");

    /// <summary>The program beside this one, as in the tests, or else the release build.</summary>
    private static string Program { get; } =
        File.Exists(Path.Combine(AppContext.BaseDirectory, "caporleans.dll")) && File.Exists(Path.Combine(AppContext.BaseDirectory, "caporleans.runtimeconfig.json"))
            ? Path.Combine(AppContext.BaseDirectory, "caporleans.dll")
            : Repository.File("artifacts", "bin", "CapOrleans.Silo", "release", "caporleans.dll");

    public string Setting(string name) => settings[name];

    /// <summary>Adds environment variables that apply from the next start on.</summary>
    public void Add(IReadOnlyDictionary<string, string> more)
    {
        foreach (var (name, value) in more)
        {
            settings[name] = value;
        }
    }

    /// <summary>Starts the process without waiting until it is ready.</summary>
    public void Spawn()
    {
        string[] command = [.. wrap, "dotnet", program ?? Program];
        var before = process;
        process = Child.Start(command[0], command[1..], settings); // a concurrent signal reaches either the old process or the new one
        before?.Dispose();
    }

    public async Task StartAsync()
    {
        Spawn();
        await Process.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
    }

    public void Dispose() => process?.Dispose();
}

/// <summary>The service as processes on this machine: silos and an API, or all in one.</summary>
public sealed class Cluster : IAsyncDisposable
{
    private readonly int apiPort = Child.FreePort();
    private readonly Dictionary<string, string> shared;

    /// <param name="folder">Folder for its secrets, and for the SQLite files.</param>
    /// <param name="database">URL of the database; null for SQLite.</param>
    /// <param name="silos">0 for one process with all roles.</param>
    /// <param name="program">Another build of the service; null for this one.</param>
    /// <param name="more">Settings for every process.</param>
    public Cluster(
        string folder, string? database, int silos, int logs, Uri? chain = null, Func<int, (IPAddress Address, string[] Wrap)>? networks = null,
        string? program = null, IReadOnlyDictionary<string, string>? more = null)
    {
        shared = new Dictionary<string, string>
        {
            ["DATA_DIR"] = folder, ["DATABASE_URL"] = database ?? "", ["LOGS"] = $"{logs}",
            ["DEV_CHAIN_URL"] = chain?.ToString() ?? "", ["CHAIN_ID"] = "31337",
            ["API_PORT"] = $"{apiPort}", ["Intake__PerSecondPerAddress"] = "1000000", ["RPC_URL"] = "", ["ROLES"] = silos == 0 ? "silo,api,gate" : "api",
        };
        foreach (var (name, value) in more ?? new Dictionary<string, string>())
        {
            shared[name] = value;
        }

        Silos = [.. Enumerable.Range(0, silos).Select(i => networks?.Invoke(i) ?? (IPAddress.Loopback, [])).Select(network => new Node(
            new Dictionary<string, string>(shared)
            {
                ["ROLES"] = "silo", ["SILO_ADDRESS"] = $"{network.Item1}", ["SILO_PORT"] = $"{Child.FreePort()}", ["GATEWAY_PORT"] = $"{Child.FreePort()}",
            },
            network.Item2, program))];
        Api = new Node(new Dictionary<string, string>(shared) { ["GATE_PORT"] = $"{Child.FreePort()}", ["SILO_PORT"] = $"{Child.FreePort()}", ["GATEWAY_PORT"] = $"{Child.FreePort()}" }, [], program);
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{apiPort}") };
    }

    public IReadOnlyList<Node> Silos { get; }

    /// <summary>The API; the whole service when there are no separate silos.</summary>
    public Node Api { get; }

    /// <summary>A client of the API with the admin token.</summary>
    public HttpClient Http { get; }

    public int ApiPort => apiPort;

    public IReadOnlyCollection<int> ProcessIds => [.. Silos.Append(Api).Select(node => node.Process.Id)];

    public PrivateKey Reporter { get; private set; } = null!;

    public async Task StartAsync()
    {
        await Task.WhenAll(Silos.Append(Api).Select(node => node.StartAsync()));
        var folder = shared["DATA_DIR"];
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(folder, "admin-token"))).Trim());
        Reporter = PrivateKey.TryParse(await File.ReadAllTextAsync(Path.Combine(folder, "identity.key")), out var key) ? key : throw new InvalidDataException("No key.");
    }

    /// <summary>Registers CapIDs that the reporter key may report for.</summary>
    public async Task<IReadOnlyList<string>> RegisterAsync(int count)
    {
        var names = Enumerable.Range(0, count).Select(i => $"CAP-{i}").ToList();
        foreach (var capId in names)
        {
            using var answer = await Http.PutAsJsonAsync($"/v1/caps/{capId}", new { policy = new { reportsPerMinute = 6_000_000 }, keys = new[] { new { address = Reporter.Address.ToString() } } });
            answer.EnsureSuccessStatusCode();
        }

        return names;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        foreach (var node in Silos.Prepend(Api).Where(node => node.IsStarted))
        {
            if (!node.Process.HasExited)
            {
                node.Process.Signal(15);
                await node.Process.ExitAsync();
            }

            node.Dispose();
        }
    }
}
