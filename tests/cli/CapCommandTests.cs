using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Cli;

/// <summary>The command as a script would call it.</summary>
public sealed class CapCommandTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_key_is_made_for_its_owner_only_and_never_replaced()
    {
        var file = directory.File("host.key");
        var (code, address) = await CapAsync("keygen", "--out", file);
        Assert.Equal(0, code);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(TestIncident.Key(await File.ReadAllTextAsync(file)).Address.ToString(), address);
        Assert.Equal(2, (await CapAsync("keygen", "--out", file)).Code);
    }

    [Fact]
    public async Task A_key_can_be_protected_by_a_passphrase()
    {
        await File.WriteAllTextAsync(directory.File("passphrase"), "correct horse\n");
        var cap = new CapCommand(directory.Path, ("DATA_DIR", directory.Path), ("CAP_PASSPHRASE_FILE", directory.File("passphrase")));
        var (code, address) = await cap.RunAsync("keygen", "--out", directory.File("key.json"), "--keystore");
        Assert.True(code == 0, address);
        Assert.Equal(address, Keystore.Open(await File.ReadAllTextAsync(directory.File("key.json")), "correct horse").Address.ToString());
        await File.WriteAllTextAsync(directory.File("i.json"), """{"task_id":"INC-1"}""");
        var (_, text) = await cap.RunAsync("sign", directory.File("i.json"), "--key", directory.File("key.json"));
        Assert.Equal(address, (string?)JsonNode.Parse(text)!["signer"]);
        await File.WriteAllTextAsync(directory.File("passphrase"), "wrong");
        var (refused, why) = await cap.RunAsync("sign", directory.File("i.json"), "--key", directory.File("key.json"));
        Assert.Equal(2, refused);
        Assert.Contains("does not open", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_in_the_working_directory_sets_nothing()
    {
        await CapAsync("keygen", "--out", directory.File("identity.key"));
        await File.WriteAllTextAsync(directory.File(".env"), "CAP_ID=ATTACKER\nDATA_DIR=/nowhere\nSIGNER_ADDRESS=0x0\n'broken\n");
        await File.WriteAllTextAsync(directory.File("i.json"), "{}");
        var (code, text) = await CapAsync("sign", directory.File("i.json"));
        Assert.True(code == 0, text);
        Assert.Equal("SYS-CORE", (string?)JsonNode.Parse(text)!["cap_id"]);
    }

    [Fact]
    public async Task An_archive_has_the_permissions_of_its_source()
    {
        await File.WriteAllTextAsync(directory.File("i.json"), "{}");
        File.SetUnixFileMode(directory.File("i.json"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(0, (await CapAsync("archive", directory.File("i.json"))).Code);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory.File("i_archived.json")));
    }

    [Fact]
    public async Task Verify_accepts_what_sign_prints_until_it_is_changed()
    {
        await CapAsync("keygen", "--out", directory.File("host.key"));
        await File.WriteAllTextAsync(directory.File("i.json"), """{"task_id":"INC-1","description":"Überlast","x":1.50}""");
        var (code, text) = await CapAsync("sign", directory.File("i.json"), "--key", directory.File("host.key"));
        Assert.Equal(0, code);
        var signed = JsonNode.Parse(text)!.AsObject();
        Assert.Equal("1.50", signed["x"]!.ToJsonString());
        await File.WriteAllTextAsync(directory.File("signed.json"), text);
        Assert.Equal(0, (await CapAsync("verify", directory.File("signed.json"))).Code);
        signed["task_id"] = "INC-2";
        await File.WriteAllTextAsync(directory.File("signed.json"), signed.ToJsonString());
        Assert.Equal(1, (await CapAsync("verify", directory.File("signed.json"))).Code);
    }

    [Fact]
    public async Task Every_field_can_be_signed_here_or_by_a_wallet()
    {
        await CapAsync("keygen", "--out", directory.File("host.key"));
        await File.WriteAllTextAsync(directory.File("i.json"), """{"task_id":"INC-1","cap_id":"Z-001","agent":"a","timestamp":"2026-11-24T12:00:00Z","f_e":"0.5"}""");
        var (_, text) = await CapAsync("sign", directory.File("i.json"), "--full", "--key", directory.File("host.key"));
        var signed = JsonNode.Parse(text)!.AsObject();
        await File.WriteAllTextAsync(directory.File("signed.json"), text);
        Assert.Contains("over every field", (await CapAsync("verify", directory.File("signed.json"))).Output, StringComparison.Ordinal);
        var (_, data) = await CapAsync("sign", directory.File("i.json"), "--print-typed-data");
        Assert.Equal(TypedData.Of(signed.Report(), AdmissionPolicy.DevChainId).ToJsonString(), JsonNode.Parse(data)!.ToJsonString());
        signed["f_e"] = 0.6;
        await File.WriteAllTextAsync(directory.File("signed.json"), signed.ToJsonString());
        Assert.Equal(1, (await CapAsync("verify", directory.File("signed.json"))).Code);
    }

    [Fact]
    public async Task An_archive_has_the_legacy_form_and_detects_changes()
    {
        var source = directory.File("INC-1.json");
        await File.WriteAllTextAsync(source, """{"task_id":"INC-1","z":[1,2.0],"a":{"ü":null},"e":{},"l":[]}""");
        var (code, archive) = await CapAsync("archive", source);
        Assert.Equal((0, directory.File("INC-1_archived.json")), (code, archive));
        var text = await File.ReadAllTextAsync(archive);
        var generated = JsonElement.Parse(text).GetProperty("metadata").Text("generated_at");
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", generated);
        // As CPython 3.11 prints it: json.dumps(archive, indent=2); the hash is that of json.dumps(data, sort_keys=True).
        Assert.Equal(
            $$"""
            {
              "metadata": {
                "audit_hash": "e5bb97df902274354c856b655f9bdba7961ea7e8efa508ffdc76bddbfba9faa6",
                "linked_incident": true,
                "incident_id": "INC-1",
                "generated_at": "{{generated}}",
                "source_file": "{{source}}"
              },
              "data": {
                "task_id": "INC-1",
                "z": [
                  1,
                  2.0
                ],
                "a": {
                  "\u00fc": null
                },
                "e": {},
                "l": []
              }
            }
            """,
            text);
        Assert.Equal(0, (await CapAsync("archive", "--check", archive)).Code);
        await File.WriteAllTextAsync(archive, text.Replace("INC-1\",\n    \"z", "INC-9\",\n    \"z", StringComparison.Ordinal));
        Assert.Equal(1, (await CapAsync("archive", "--check", archive)).Code);
    }

    [Theory]
    [InlineData("verify", "missing.json")]
    [InlineData("sign", "missing.json")]
    [InlineData("archive", "missing.json")]
    public async Task A_file_that_is_not_there_is_a_misconfiguration(string command, string file)
    {
        var (code, text) = await CapAsync(command, directory.File(file));
        Assert.Equal(2, code);
        Assert.Contains("cannot be read", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_is_reported_in_one_line_without_a_secret()
    {
        await File.WriteAllTextAsync(directory.File("array.json"), "[1]");
        await File.WriteAllTextAsync(directory.File("i.json"), "{}");
        var secret = CapOrleans.Core.Signatures.PrivateKey.Create().ExportHex();
        foreach (var arguments in (string[][])[["frob"], ["send"], ["verify", "array.json"], ["sign", "array.json"], ["sign", "i.json", "--key", ""], ["sign", "i.json", "--key", secret], ["keygen", "--out", ""]])
        {
            var (code, text) = await CapAsync(arguments);
            Assert.Equal(2, code);
            Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
            Assert.DoesNotContain(secret[2..], text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_missing_answer_is_distinguished_from_a_refusal()
    {
        await CapAsync("keygen", "--out", directory.File("host.key"));
        await File.WriteAllTextAsync(directory.File("i.json"), "{}");
        string[] send = ["send", directory.File("i.json"), "--key", directory.File("host.key"), "--gate",
            $"http://127.0.0.1:{Child.FreePort()}"];
        var (code, text) = await CapAsync(send);
        Assert.Equal(3, code);
        Assert.Contains("Is it running?", text, StringComparison.Ordinal);

        // What may have arrived is kept as it was signed, so that a retry sends the same incident.
        var kept = Assert.Single(Directory.GetFiles(directory.Path, "INC-*.signed.json"));
        Assert.Contains($"cap send {Path.GetFileName(kept)}", text, StringComparison.Ordinal);
        Assert.Equal(0, (await CapAsync("verify", kept)).Code);

        await File.WriteAllTextAsync(directory.File("i.json"), """{"severity":"critcal"}""");
        (code, text) = await CapAsync(send);
        Assert.Equal(2, code);
        await File.WriteAllTextAsync(directory.File("typo.json"), """{"severty":"critical"}""");
        var (typo, error) = await CapAsync("sign", directory.File("typo.json"), "--key", directory.File("host.key"));
        Assert.Equal((2, "cap: 'severty' is not a known member; did you mean 'severity'?"), (typo, error));
        Assert.Contains("severity is critcal: choose one of normal, high, escalated, critical.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_command_answers_a_script_with_a_line_of_JSON()
    {
        var (_, made) = await CapAsync("keygen", "--out", directory.File("host.key"), "--json");
        Assert.Equal(directory.File("host.key"), JsonElement.Parse(made).Text("file"));
        await File.WriteAllTextAsync(directory.File("i.json"), """{"task_id":"INC-1"}""");
        var (_, signed) = await CapAsync("sign", directory.File("i.json"), "--key", directory.File("host.key"), "--json");
        Assert.DoesNotContain('\n', signed);
        await File.WriteAllTextAsync(directory.File("signed.json"), signed);
        Assert.Equal(JsonElement.Parse(made).Text("address"), JsonElement.Parse((await CapAsync("verify", "--json", directory.File("signed.json"))).Output).Text("signer"));
        foreach (var arguments in (string[][])[["verify", "--json", "missing.json"], ["--json", "frob"], ["send", "--json"]])
        {
            var (code, fault) = await CapAsync(arguments);
            Assert.Equal((2, 2), (code, JsonElement.Parse(fault).GetProperty("exitCode").GetInt32()));
        }
    }

    [Fact]
    public async Task A_delegation_log_is_verified_as_the_old_verifier_did()
    {
        await File.WriteAllTextAsync(directory.File("chain.json"),
            """
            {"cap_id":"Z-001","chain":[{"agent":"A1","delegated_to":"A2","scope":["read"],"used_scope":["read"]},{"agent":"A2","delegated_to":"A3","scope":["read"]}],
             "acknowledgement":{"task_confirmed":true},"final_ack":{"status":"task_complete_chain_closed"}}
            """);
        var (code, audit) = await CapAsync("chain-log", "verify", directory.File("chain.json"));
        Assert.True(code == 0, audit);
        Assert.Equal("Chain delegation consistent", JsonElement.Parse(audit).GetProperty("verifications").GetProperty("chain_integrity").Text("message"));
        await File.WriteAllTextAsync(directory.File("chain.json"), (await File.ReadAllTextAsync(directory.File("chain.json"))).Replace("\"A2\",\"delegated_to\":\"A3\"", "\"A9\",\"delegated_to\":\"A3\"", StringComparison.Ordinal));
        (code, audit) = await CapAsync("chain-log", "verify", directory.File("chain.json"));
        Assert.Equal(1, code);
        Assert.Contains("Broken delegation between step 0 and 1", audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_completes_commands_and_options()
    {
        var (_, script) = await CapAsync("completion", "bash");
        await File.WriteAllTextAsync(directory.File("complete.sh"), script);
        async Task<string> CompleteAsync(string line) => await Child.RunAsync(
            "bash", "-c", $"PATH={Repository.File("artifacts", "native")}:$PATH; . {directory.File("complete.sh")}; COMP_LINE='{line}'; COMP_POINT={line.Length}; COMP_WORDS=({line} {(line.EndsWith(' ') ? "''" : "")}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _cap; printf '%s ' \"${{COMPREPLY[@]}}\"");
        Assert.Equal(["key", "keygen"], (await CompleteAsync("cap ke")).Split(' ', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Contains("flush", await CompleteAsync("cap hook "), StringComparison.Ordinal);
        Assert.Contains("--full", await CompleteAsync("cap sign --fu"), StringComparison.Ordinal);
        Assert.Equal(2, (await CapAsync("completion", "tcsh")).Code);
    }

    private Task<(int Code, string Output)> CapAsync(params string[] arguments) => new CapCommand(directory.Path, ("DATA_DIR", directory.Path)).RunAsync(arguments);
}
