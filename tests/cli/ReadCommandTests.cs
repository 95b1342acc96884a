using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Cli;

/// <summary>Reading from a real service on the command line.</summary>
[Collection(NodeCollection.Name)]
public sealed class ReadCommandTests(NodeFixture node) : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly PrivateKey key = PrivateKey.Create();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_batch_is_sent_listed_shown_corrected_and_found_in_the_log()
    {
        Assert.Equal(0, (await CapAsync("register", "CLI-READ", "--key", $"{key.Address}")).Code);
        var now = TimeProvider.System.GetUtcNow();
        var lines = ((string[])["R-1", "R-2"]).Select(id => TestIncident.Signed(key, "CLI-READ", id, now).ToJsonString())
            .Append(TestIncident.Signed(PrivateKey.Create(), "CLI-READ", "R-3", now).ToJsonString());
        await File.WriteAllTextAsync(directory.File("batch.jsonl"), string.Join("\r\n", lines));
        var (code, verdicts) = await CapAsync("batch", directory.File("batch.jsonl"), "--json");
        Assert.Equal(1, code);
        Assert.Equal([201, 201, 403], Json(verdicts).Select(verdict => verdict.GetProperty("status").GetInt32()));
        Assert.Equal([1, 2, 3], Json(verdicts).Select(verdict => verdict.GetProperty("line").GetInt32()));

        var (_, listed) = await CapAsync("incidents", "--cap", "CLI-READ", "--json");
        Assert.Equal(["R-1", "R-2"], Json(listed).Select(incident => incident.Text("incidentId")));
        var (_, forPeople) = await CapAsync("incidents", "--cap", "CLI-READ");
        Assert.Contains("normal     CLI-READ/R-1  dCap", forPeople, StringComparison.Ordinal);
        Assert.Equal("", (await CapAsync("incidents", "--cap", "CLI-READ", "--to", "2026-01-01T00:00:00Z", "--from",
            "2025-01-01T00:00:00Z")).Output);

        var (_, shown) = await CapAsync("incident", "CLI-READ", "R-2");
        Assert.Equal("R-2", JsonElement.Parse(shown).Text("incidentId"));
        Assert.Equal(1, (await CapAsync("incident", "CLI-READ", "R-3")).Code);

        await CapAsync("keygen", "--out", directory.File("responder.key"));
        var responder = TestIncident.Key(await File.ReadAllTextAsync(directory.File("responder.key"))).Address;
        Assert.Equal(0, (await CapAsync("key", "add", "CLI-READ", "--key", $"{responder}", "--role", "responder")).Code);
        (code, shown) = await CapAsync("acknowledge", "CLI-READ", "R-2", "--note", "on it", "--key", directory.File("responder.key"));
        Assert.True(code == 0, shown);
        var update = JsonElement.Parse(shown).GetProperty("updates")[0];
        Assert.Equal(("on it", $"{responder}"), (update.Text("note"), update.Text("by")));
        Assert.Equal("resolved", JsonElement.Parse((await CapAsync("resolve", "CLI-READ", "R-2")).Output).Text("state"));
        Assert.Equal(1, (await CapAsync("reopen", "CLI-READ", "NONE")).Code);

        Assert.Equal(0, (await CapAsync("correct", "CLI-READ", "R-1", "--delta-cap", "0", "--reason", "maintenance")).Code);
        var (_, history) = await CapAsync("history", "CLI-READ", "--json");
        Assert.Equal(["incident.accepted", "incident.accepted", "score.corrected"], Json(history).Select(step => step.Text("kind")));
        var (_, entries) = await CapAsync("log", "--kind", "score.corrected");
        Assert.Contains(Json(entries), entry => entry.GetProperty("entry").GetRawText().Contains("CLI-READ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_follower_sees_what_is_accepted_from_then_on_once()
    {
        Assert.Equal(0, (await CapAsync("register", "CLI-FOLLOW", "--key", $"{key.Address}")).Code);
        using var following = Cap().Start("incidents", "--cap", "CLI-FOLLOW", "--follow", "--json");
        for (var number = 0; number < 3; number++)
        {
            await File.WriteAllTextAsync(directory.File("i.json"), TestIncident.Signed(key, "CLI-FOLLOW", $"F-{number}",
                TimeProvider.System.GetUtcNow()).ToJsonString());
            Assert.Equal(0, (await CapAsync("send", directory.File("i.json"))).Code);
            await Eventually.TrueAsync(() => following.Output.Contains($"F-{number}", StringComparison.Ordinal));
        }

        following.Signal(15);
        await following.ExitAsync();
        Assert.Equal(["F-0", "F-1", "F-2"], Json(following.Output).Select(incident => incident.Text("incidentId")));
    }

    [Fact]
    public async Task Status_names_what_is_red_and_what_to_do_and_doctor_what_keeps_a_host_from_reporting()
    {
        var (code, status) = await CapAsync("status", "--json");
        var findings = JsonElement.Parse(status).GetProperty("findings").EnumerateArray().ToList();
        Assert.Equal(findings.Count > 0 ? 1 : 0, code);
        Assert.All(findings, finding => Assert.NotEqual("", finding.Text("do")));
        var away = new CapCommand(directory.Path, ("DATA_DIR", directory.Path), ("CAP_API", $"http://127.0.0.1:{Child.FreePort()}"));
        (code, status) = await away.RunAsync("status");
        Assert.Equal(1, code);
        Assert.StartsWith("API: No answer from http://127.0.0.1:", status, StringComparison.Ordinal);

        await CapAsync("keygen", "--out", directory.File("identity.key"));
        var own = TestIncident.Key(await File.ReadAllTextAsync(directory.File("identity.key"))).Address;
        Assert.Equal(0, (await CapAsync("register", "CLI-DOCTOR", "--key", $"{key.Address}")).Code);
        (code, var checks) = await CapAsync("doctor");
        Assert.Equal(1, code);
        Assert.Contains($"FAILED  CapID      CLI-DOCTOR does not have the key {own}: cap key add", checks, StringComparison.Ordinal);
        Assert.Equal(0, (await CapAsync("key", "add", "CLI-DOCTOR", "--key", $"{own}")).Code);
        (code, checks) = await CapAsync("doctor");
        Assert.True(code == 0, checks);
        Assert.Equal(6, checks.Split('\n').Count(line => line.StartsWith("ok", StringComparison.Ordinal)));
        foreach (var (setting, value, fault) in ((string, string, string)[])[("CHAIN_ID", "1", "CHAIN_ID is 1, the cluster's is 31337"),
            ("VPN_ENDPOINT", $"{new Uri(node.Gate.BaseAddress!, "gate_recieve")}", "takes no incidents at /gate_recieve")])
        {
            (code, checks) = await Cap((setting, value)).RunAsync("doctor");
            Assert.Equal(1, code);
            Assert.Contains(fault, Assert.Single(checks.Split('\n'), line => line.StartsWith("FAILED", StringComparison.Ordinal)),
                StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_existing_key_keeps_its_roles_and_times_and_nothing_changes_without_confirmation()
    {
        var address = $"{key.Address}";
        Assert.Equal(0, (await CapAsync("register", "CLI-MERGE", "--key", $"{PrivateKey.Create().Address}")).Code);
        Assert.Equal(0, (await CapAsync("key", "add", "CLI-MERGE", "--key", address, "--role", "admin", "--until",
            "2030-01-01T00:00:00Z")).Code);
        var (code, refused) = await CapAsync("key", "add", "CLI-MERGE", "--key", address, "--role", "responder");
        Assert.Equal(2, code);
        Assert.Contains("has admin from the beginning until 2030-01-01T00:00:00.0000000+00:00, and would have admin, responder from",
            refused, StringComparison.Ordinal);
        Assert.Contains("add --yes", refused, StringComparison.Ordinal);
        Assert.Equal(["admin"], await RolesAsync());
        Assert.Equal(0, (await CapAsync("key", "add", "CLI-MERGE", "--key", address.ToLowerInvariant(), "--role", "responder",
            "--yes")).Code);
        Assert.Equal(["admin", "responder"], await RolesAsync());
        (code, refused) = await CapAsync("key", "add", "CLI-MERGE", "--key", address, "--role", "admin", "--replace", "--yes");
        Assert.True(code == 0, refused);
        Assert.Equal(["admin"], await RolesAsync());
        Assert.DoesNotContain("2030", (await CapAsync("key", "list", "CLI-MERGE")).Output, StringComparison.Ordinal);

        // The roles that the server reports for a key are not signed without confirmation: it may report too many.
        Assert.Equal(0, (await CapAsync("key", "add", "CLI-MERGE", "--key", address, "--role", "reporter", "--yes")).Code);
        (code, refused) = await CapAsync("key", "add", "CLI-MERGE", "--key", address, "--role", "reporter");
        Assert.Equal(2, code);
        Assert.Contains("would have admin, reporter", refused, StringComparison.Ordinal);

        async Task<IEnumerable<string?>> RolesAsync() => JsonNode.Parse((await CapAsync("key", "list", "CLI-MERGE")).Output)!.AsArray()
            .Single(known => (string?)known!["address"] == address)!["roles"]!.AsArray().Select(role => (string?)role);
    }

    private static List<JsonElement> Json(string lines) => [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        JsonElement.Parse(line))];

    private Task<(int Code, string Output)> CapAsync(params string[] arguments) => Cap().RunAsync(arguments);

    private CapCommand Cap(params (string Name, string Value)[] settings) => new(
        directory.Path, [.. settings, ("DATA_DIR", directory.Path), ("CAP_API", $"{node.Api.BaseAddress}"), ("CAP_ID", "CLI-DOCTOR"), (
            "CAP_SPOOL",
            directory.File("spool")),
        ("VPN_ENDPOINT", new Uri(node.Gate.BaseAddress!, "gate_receive").ToString()), ("CAP_TOKEN",
            node.Operator.DefaultRequestHeaders.Authorization!.Parameter!)]);
}
