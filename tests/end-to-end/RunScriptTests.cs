using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace CapOrleans.Tests.EndToEnd;

/// <summary>What an operator types: <c>./run</c>, <c>./cap</c>, Ctrl-C, and <c>./run</c> again; a JavaScript host in between.</summary>
public sealed class RunScriptTests : IDisposable
{
    private const int Interrupt = 2;
    private const int Terminate = 15;

    private readonly TempDirectory directory = new();
    private readonly Dictionary<string, string> environment;

    public RunScriptTests() => environment = new()
    {
        ["DATA_DIR"] = directory.File("data"),
        ["API_PORT"] = $"{Child.FreePort()}",
        ["GATE_PORT"] = $"{Child.FreePort()}",
        ["CHAIN_PORT"] = $"{Child.FreePort()}",
    };

    public void Dispose() => directory.Dispose();

    private string Api => $"http://127.0.0.1:{environment["API_PORT"]}";

    [Fact]
    public async Task It_starts_accepts_a_JavaScript_host_s_incident_stops_cleanly_and_resumes()
    {
        string contract;
        using (var run = Child.Start(Repository.File("run"), [], environment))
        {
            var ready = await run.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
            Assert.Equal(
                $"CapOrleans is ready: api {Api}  gate http://127.0.0.1:{environment["GATE_PORT"]}  dashboard {Api}/orleans  chain http://127.0.0.1:{environment["CHAIN_PORT"]}",
                ready);
            Assert.EndsWith(ready, run.Output, StringComparison.Ordinal);

            // The command that the first start prints, pasted into a shell.
            var pasted = (await run.LineAsync("./cap send", TimeSpan.FromSeconds(1))).Trim();
            using var paste = Child.Start("/bin/bash", ["-c", pasted], environment);
            Assert.True(await paste.ExitAsync() == 0, paste.Output);
            Assert.Contains("\"severity\": \"high\"", paste.Output, StringComparison.Ordinal);

            // The bundled chain is the service's own: no one else on this machine may rewrite it.
            using var http = new HttpClient();
            using var rewrite = await http.PostAsJsonAsync(
                $"http://127.0.0.1:{environment["CHAIN_PORT"]}/",
                new { jsonrpc = "2.0", id = 1, method = "anvil_reset", @params = Array.Empty<object>() });
            var answer = await rewrite.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal(-32601, answer.GetProperty("error").GetProperty("code").GetInt32());

            // Another ./run in the same folder, on other ports, is refused before it touches the chain's files.
            using var second = Child.Start(Repository.File("run"), [], new Dictionary<string, string>(environment)
            {
                ["API_PORT"] = $"{Child.FreePort()}", ["GATE_PORT"] = $"{Child.FreePort()}", ["CHAIN_PORT"] = $"{Child.FreePort()}",
            });
            Assert.Equal(1, await second.ExitAsync());
            Assert.Contains("DATA_DIR is used by another ./run", second.Output, StringComparison.Ordinal);

            var host = await HostAsync("JS-1");
            Assert.Equal((200, """{"status":"received","cap_id":"SYS-CORE"}"""), (host.GetProperty("status").GetInt32(), host.Text("gateAnswer")));
            Assert.InRange(host.GetProperty("millisecondsToAnchor").GetInt32(), 0, 5000);
            Assert.Equal(-0.0732m, host.GetProperty("view").GetProperty("deltaCap").GetDecimal());
            contract = host.GetProperty("view").GetProperty("anchor").Text("contract");
            await StopAsync(run, Interrupt);
        }

        using (var again = Child.Start(Repository.File("run"), [], environment))
        {
            var started = Stopwatch.GetTimestamp();
            await again.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
            Assert.DoesNotContain("First start", again.Output, StringComparison.Ordinal);
            Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 30);

            // The chain went on too: the old record is there, and the next one lands in the same contract.
            var chain = JsonElement.Parse(await Child.RunAsync(
                "node", Repository.File("tests", "clients", "read-chain.mjs"), $"http://127.0.0.1:{environment["CHAIN_PORT"]}", contract, "JS-1", "SYS-CORE"));
            Assert.Equal("critical", chain.GetProperty("record").Text("severity"));
            Assert.Single(chain.GetProperty("events").EnumerateArray());
            var host = await HostAsync("JS-2");
            Assert.Equal(contract, host.GetProperty("view").GetProperty("anchor").Text("contract"));
            await StopAsync(again, Terminate);
        }

        // A chain node that is killed while it writes leaves a torn state file.
        await File.WriteAllTextAsync(directory.File("data/chain/state.json"), "{\"block\":{");
        using (var torn = Child.Start(Repository.File("run"), [], environment))
        {
            await torn.LineAsync("CapOrleans is ready", TimeSpan.FromSeconds(60));
            Assert.Contains("was torn", torn.Output, StringComparison.Ordinal);
            using var http = new HttpClient { BaseAddress = new Uri(Api) };
            await Eventually.TrueAsync(async () =>
                (await http.GetFromJsonAsync<JsonElement>("/v1/audit?limit=500")).GetProperty("items").EnumerateArray().Any(entry => entry.Text("kind") == "anchor.lost"));
            await Eventually.TrueAsync(async () =>
                (await http.GetFromJsonAsync<JsonElement>("/v1/incidents/SYS-CORE/JS-2")).GetProperty("anchor").Text("status") == "anchored");
            await StopAsync(torn, Terminate);
        }
    }

    [Fact]
    public async Task The_project_s_settings_file_applies_to_run_and_cap_and_to_no_child_process()
    {
        // A project folder with an .env of its own, which uses the binaries built here.
        var project = directory.File("project");
        foreach (var folder in (string[])["deploy", "cli", "ethereum", "core", "contracts"])
        {
            Directory.CreateDirectory(Path.Combine(project, folder));
        }

        foreach (var script in (string[])["run", "cap", "deploy/lib.sh"])
        {
            File.Copy(Repository.File(script), Path.Combine(project, script));
        }

        File.CreateSymbolicLink(Path.Combine(project, "deploy", "npm"), Repository.File("deploy", "npm"));
        File.CreateSymbolicLink(Path.Combine(project, "artifacts"), Repository.File("artifacts"));
        var file = Path.Combine(project, ".env");
        await File.WriteAllTextAsync(
            file, $"\uFEFF# as Windows saves it\r\nexport DATA_DIR=\"./data\" # below the project\r\nAPI_PORT={environment["API_PORT"]}\r\n"
            + $"GATE_PORT='{environment["GATE_PORT"]}'\r\nCHAIN_PORT={environment["CHAIN_PORT"]}\r\nRPC_URL=\r\nCAP_GATE_TOKEN='$(hunter2)'\r\n");

        using (var run = Child.Start(Path.Combine(project, "run"), [], folder: directory.Path))
        {
            await run.LineAsync($"CapOrleans is ready: api {Api}  gate http://127.0.0.1:{environment["GATE_PORT"]}", TimeSpan.FromSeconds(60));
            Assert.True(File.Exists(Path.Combine(project, "data", "chain", "state.json")) || Directory.Exists(Path.Combine(project, "data", "chain")), run.Output);

            // Uses the admin token of that DATA_DIR and that port, whatever folder it is called from.
            var (code, operators) = await WrapperAsync(project, "operator", "list");
            Assert.True(code == 0, operators);
            (code, var shown) = await WrapperAsync(project, "hook", "run", "--", "env");
            Assert.Equal(0, code);
            Assert.Contains($"GATE_PORT={environment["GATE_PORT"]}", shown, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
            await StopAsync(run, Terminate);
        }

        await File.AppendAllTextAsync(file, "CAP_TOKEN='hunter2\n");
        var (refused, why) = await WrapperAsync(project, "show", "SYS-CORE");
        Assert.Equal(2, refused);
        Assert.Contains(".env, line 8: a quote that is not closed on its line.", why, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", why, StringComparison.Ordinal);
        Assert.Equal(0, (await WrapperAsync(project, "hook", "run", "--", "touch", directory.File("done"))).Code);
        Assert.True(File.Exists(directory.File("done")));
        using var broken = Child.Start(Path.Combine(project, "run"), [], folder: directory.Path);
        Assert.Equal(2, await broken.ExitAsync());
        Assert.Contains("line 8", broken.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_that_does_not_end_is_killed_with_its_own_children_and_one_that_does_is_waited_for()
    {
        const string Script = """
            root=$1; . "$root/deploy/lib.sh"
            mkfifo "$2/ready"
            setsid -w bash -c 'trap "" TERM; sleep 600 & echo "$!" > "$1/child"; echo > "$1/ready"; while :; do wait; done' part "$2" & part=$!
            read -r < "$2/ready"
            end "$part" 1 "The stubborn part"; echo "ended with $?"
            setsid -w bash -c 'trap "exit 3" TERM; echo > "$1/ready"; while :; do sleep 0.1; done' part "$2" & part=$!
            read -r < "$2/ready"
            end "$part" 60 "The other part"; echo "ended with $?"
            """;
        using var ends = Child.Start("bash", ["-c", Script, "test", Repository.Root, directory.Path]);
        Assert.Equal(0, await ends.ExitAsync());
        Assert.Contains("The stubborn part did not end within 1 seconds: killing it.", ends.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("The other part", ends.Output, StringComparison.Ordinal);
        Assert.Equal(["ended with 137", "ended with 3"], ends.Output.Split('\n').Where(line => line.StartsWith("ended", StringComparison.Ordinal)));
        var child = (await File.ReadAllTextAsync(directory.File("child"))).Trim();
        await Eventually.TrueAsync(() => !Directory.Exists($"/proc/{child}"));
    }

    private async Task<(int Code, string Output)> WrapperAsync(string project, params string[] arguments)
    {
        using var cap = Child.Start(Path.Combine(project, "cap"), arguments, folder: directory.Path);
        var code = await cap.ExitAsync();
        return (code, cap.Output);
    }

    private async Task<JsonElement> HostAsync(string id) => JsonElement.Parse(await Child.RunAsync(
        "node", Repository.File("tests", "clients", "host.mjs"), $"http://127.0.0.1:{environment["GATE_PORT"]}", Api,
        (await File.ReadAllTextAsync(directory.File("data/identity.key"))).Trim(), id));

    private static async Task StopAsync(Child run, int signal)
    {
        var children = (await File.ReadAllTextAsync($"/proc/{run.Id}/task/{run.Id}/children")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, children.Length); // the chain and the node
        run.Signal(signal);
        Assert.Equal(0, await run.ExitAsync());
        Assert.All(children, child => Assert.False(Directory.Exists($"/proc/{child}"), $"process {child} was left behind"));
    }
}
