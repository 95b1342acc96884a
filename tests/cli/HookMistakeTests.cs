using System.Text.Json.Nodes;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Cli;

/// <summary>Mistakes of a host's owner keep no command from running, and lose no report silently.</summary>
[Collection(NodeCollection.Name)]
public sealed class HookMistakeTests(NodeFixture node) : HookHost(node)
{
    [Fact]
    public async Task Options_end_at_the_first_word_that_is_not_one()
    {
        Assert.Equal((0, "--name x -- --json"), await RunAsync("/bin/echo", "-n", "--name", "x", "--", "--json"));
        Assert.Equal((0, "--name x"), await RunAsync("--severity=high", "--json", "/bin/echo", "-n", "--name", "x"));
        Assert.Equal((0, "-- x"), await RunAsync("--", "/bin/echo", "-n", "--", "x"));
    }

    [Theory]
    [InlineData("--severty critical --name x -- sh -c", "'--severty critical' is invalid")]
    [InlineData("--name x --f-e 7 sh -c", "'--f-e 7' is invalid")]
    [InlineData("--m-e much --name x --quiet -- sh -c", "'--m-e much --quiet' is invalid")]
    [InlineData("--severity=critcal --name x sh -c", "'--severity=critcal' is invalid")]
    [InlineData("--name x --severity -- sh -c", "'--severity' is invalid")]
    [InlineData("--severity --name x -- sh -c", "'--severity' is invalid")]
    [InlineData("--name x --severity high --severity critical -- sh -c", "'--severity critical' is invalid")]
    public async Task A_command_runs_and_is_reported_whatever_is_wrong_with_an_option(string line, string error)
    {
        var (code, output) = await RunAsync([.. line.Split(' '), "exit 3"]);
        Assert.Equal(3, code);
        Assert.Contains(error, output, StringComparison.Ordinal);
        var incident = Assert.Single(await IncidentsAsync());
        Assert.StartsWith("XFAIL-", incident.Text("incidentId"), StringComparison.Ordinal);
        Assert.Equal("high", incident.Text("severity"));
    }

    [Fact]
    public async Task If_the_command_is_ambiguous_nothing_is_run()
    {
        foreach (var line in (string[][])[["--severty", "touch", Folder.File("ran")], ["-x", "touch", Folder.File("ran"), "--", "true"],
            ["--name"], []])
        {
            var (code, output) = await RunAsync(line);
            Assert.True(code == 125, output);
            Assert.Contains("See cap hook run --help", output, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Folder.File("ran")));
        var (help, text) = await RunAsync("--help");
        Assert.Equal(0, help);
        Assert.Contains("--severity", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_reports_are_sent_after_a_command_that_succeeds()
    {
        Assert.Equal(1, (await With(("VPN_ENDPOINT", "http://127.0.0.1:1/gate_receive")).RunAsync("hook", "run", "--name", "x", "--", "false")).Code);
        File.SetLastWriteTimeUtc(Folder.File("spool/away"), TimeProvider.System.GetUtcNow().UtcDateTime - TimeSpan.FromMinutes(2));
        var (code, output) = await Cap().RunAsync("hook", "run", "--", "true");
        Assert.Equal((0, true), (code, output.Contains("cap: 1 sent", StringComparison.Ordinal)));
        Assert.Single(await IncidentsAsync());
        Assert.DoesNotContain("sent", (await Cap().RunAsync("hook", "run", "--", "true")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_refused_under_a_misspelt_CapID_goes_out_under_the_right_one()
    {
        Assert.Equal(1, (await With(("CAP_ID", "NOBODY")).RunAsync("hook", "run", "--name", "x", "--", "false")).Code);
        Assert.Single(Directory.GetFiles(Folder.File("spool"), "*.refused"));
        Assert.Equal(1, (await Cap().RunAsync("hook", "flush", "--refused")).Code);
        Assert.Equal(2, (await Cap().RunAsync("hook", "flush", "--cap-id", CapId)).Code);
        Assert.Equal((0, "1 sent"), await Cap().RunAsync("hook", "flush", "--refused", "--cap-id", CapId));
        Assert.Single(await IncidentsAsync());
    }

    [Fact]
    public async Task A_comment_after_a_setting_is_not_part_of_its_value()
    {
        var cap = With(("CAP_ID", $"{CapId}     # without it, SYS-CORE"), ("CHAIN_ID", "31337  # the cluster's"), ("VPN_ENDPOINT", $"{Gate} # a gate"));
        Assert.Equal(1, (await cap.RunAsync("hook", "run", "--name", "x", "--", "false")).Code);
        Assert.Single(await IncidentsAsync());
    }

    [Fact]
    public async Task What_a_program_writes_in_an_older_locale_is_read()
    {
        var script = $"printf 'B\\344ume f\\374r Gr\\366\\337e\\nFATAL: disk \\303\\274ber' >&2; exit 11";
        Assert.Equal(11, (await Cap().RunAsync("hook", "run", "--", "sh", "-c", script)).Code);
        Assert.EndsWith("B\u00e4ume f\u00fcr Gr\u00f6\u00dfe\nFATAL: disk \u00fcber", Assert.Single(await IncidentsAsync()).Text("description"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_CapID_is_reported()
    {
        var (code, output) = await With(("CAP_API", $"{Node.Api.BaseAddress}")).RunAsync("incidents", "--cap", "WEB-O1");
        Assert.Equal((0, true), (code, output.Contains("WEB-O1 is not registered", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_host_that_reaches_no_API_is_told_what_was_not_checked()
    {
        var cap = new CapCommand(Folder.Path, [.. Settings(Gate), ("API_PORT", $"{Child.FreePort()}")]);
        var (code, checks) = await cap.RunAsync("doctor");
        Assert.Equal((0, 3), (code, checks.Split('\n').Count(line => line.Contains("Not checked: ", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite | UnixFileMode.StickyBit)]
    public async Task A_spool_that_others_may_write_to_is_refused_and_a_link_in_it_is_not_followed(UnixFileMode others)
    {
        var (spool, victim) = (Directory.CreateDirectory(Folder.File("spool")).FullName, Folder.File("victim"));
        await File.WriteAllTextAsync(victim, "precious");
        File.CreateSymbolicLink(Path.Combine(spool, "away"), victim);
        File.SetUnixFileMode(spool, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | others);
        var (_, refused) = await With(("VPN_ENDPOINT", "http://127.0.0.1:1/gate_receive")).RunAsync("hook", "run", "--", "false");
        Assert.Contains($"chmod go-w {spool}", refused, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(victim));
    }

    [Fact]
    public async Task A_full_spool_keeps_slots_for_critical_reports()
    {
        var spool = Directory.CreateDirectory(Folder.File("spool")).FullName;
        var waiting = TestIncident.Signed(PrivateKey.Create(), CapId, "I-1", TimeProvider.System.GetUtcNow()).ToJsonString();
        foreach (var number in Enumerable.Range(1, 1000))
        {
            await File.WriteAllTextAsync(Path.Combine(spool, $"{number:D12}-{number:x12}.json"), waiting);
        }

        var away = With(("VPN_ENDPOINT", "http://127.0.0.1:1/gate_receive"));
        var (_, refused) = await away.RunAsync("hook", "run", "--", "false");
        Assert.Contains("already contains 1000 incidents", refused, StringComparison.Ordinal);
        Assert.Equal(1000, Directory.GetFiles(spool, "*.json").Length);
        await away.RunAsync("hook", "run", "--severity", "critical", "--", "false");
        Assert.Equal(1001, Directory.GetFiles(spool, "*.json").Length);
    }

    [Theory]
    [InlineData("CAP_ID", "NO\nCAP", "cap_id")]
    [InlineData("CHAIN_ID", "main", "CHAIN_ID is 'main'")]
    [InlineData("DATA_DIR", "/nowhere", "/nowhere/identity.key cannot be read")]
    public async Task A_report_that_cannot_be_made_is_reported_as_lost(string setting, string value, string why)
    {
        var cap = With((setting, value));
        var (code, output) = await cap.RunAsync("hook", "run", "--", "sh", "-c", "exit 4");
        Assert.Equal(4, code);
        Assert.Contains("The failure is NOT reported: ", output, StringComparison.Ordinal);
        Assert.Contains(why, output, StringComparison.Ordinal);

        // The watcher reports a bad option when it starts, not when the check fails.
        (code, output) = await cap.RunAsync("hook", "watch", "--check", "true");
        Assert.True(code == 2, output);
        Assert.Contains(why, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_were_written_on_Windows_are_read()
    {
        var cap = new CapCommand(Folder.Path, [.. Settings(Gate).Select(setting => (setting.Name, $"{setting.Value}\r"))]);
        Assert.Equal(4, (await cap.RunAsync("hook", "run", "--", "sh", "-c", "exit 4")).Code);
        Assert.Single(await IncidentsAsync());
    }

    [Fact]
    public async Task What_was_signed_for_another_chain_is_signed_again()
    {
        var cap = With(("CHAIN_ID", "1"));
        Assert.Equal(1, (await cap.RunAsync("hook", "run", "--name", "x", "--", "false")).Code);
        Assert.Single(Directory.GetFiles(Folder.File("spool"), "*.refused"));
        var (code, checks) = await Cap().RunAsync("doctor");
        Assert.Equal(1, code);
        Assert.Contains("1 refused reports are in", checks, StringComparison.Ordinal);
        Assert.Equal((0, "1 sent"), await Cap().RunAsync("hook", "flush", "--refused"));
        Assert.StartsWith("XFAIL-", Assert.Single(await IncidentsAsync()).Text("incidentId"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_that_a_wrong_setting_blocks_waits()
    {
        Assert.Equal(1, (await With(("VPN_ENDPOINT", "gate")).RunAsync("hook", "run", "--name", "x", "--", "false")).Code);
        Assert.Equal(1, (await With(("CAP_GATE_KEY", "none")).RunAsync("hook", "run", "--name", "x", "--", "false")).Code);
        var api = $"{new Uri(Node.Api.BaseAddress!, "gate_receive")}";
        var (code, output) = await With(("VPN_ENDPOINT", api)).RunAsync("hook", "run", "--name", "x", "--", "false");
        Assert.Equal(1, code);
        Assert.Contains("has no gate at /gate_receive: is it the API?", output, StringComparison.Ordinal);
        Assert.Equal((0, "3 sent"), await Cap().RunAsync("hook", "flush"));
        Assert.Equal(3, (await IncidentsAsync(3)).Count);
    }

    [Fact]
    public async Task A_watch_that_was_killed_while_storing_its_report_stores_it_once()
    {
        var cap = With(("VPN_ENDPOINT", $"http://127.0.0.1:{Child.FreePort()}"));
        string[] watch = ["hook", "watch", "--once", "--name", "x", "--check", "false"];
        Assert.Equal(4, (await cap.RunAsync(watch)).Code);
        var state = Directory.GetFiles(Folder.File("spool"), "watch-*.state").Single();
        var before = JsonNode.Parse(await File.ReadAllTextAsync(state))!;
        before["pending"] = await File.ReadAllTextAsync(Directory.GetFiles(Folder.File("spool"), "*.json").Single());
        await File.WriteAllTextAsync(state, before.ToJsonString());
        Assert.Equal(4, (await cap.RunAsync(watch)).Code);
        Assert.Single(Directory.GetFiles(Folder.File("spool"), "*.json"));
    }

    [Fact]
    public async Task A_check_that_is_not_valid_text_is_not_run_as_another_one()
    {
        await File.WriteAllTextAsync(Folder.File("script"), $"exec {CapCommand.Program} hook watch --once --check \"$(printf 'test " +
            $"-e /x\\376y')\" 2>&1\n");
        using var shell = Child.Start("bash", [Folder.File("script")], Settings(Gate).ToDictionary(pair => pair.Name, pair =>
            pair.Value), Folder.Path);
        Assert.Equal(2, await shell.ExitAsync());
        Assert.Contains("is not UTF-8", shell.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_checks_get_two_names_and_two_units_two_severities()
    {
        string[] cron = ["hook", "install", "--with", "cron", "--folder", Folder.File("cron.d"), "--yes", "--check"];
        Assert.Equal(0, (await Cap().RunAsync([.. cron, "nginx -t"])).Code);
        Assert.Equal(0, (await Cap().RunAsync([.. cron, "nginx -t", "--every", "10m"])).Code);
        var (code, output) = await Cap().RunAsync([.. cron, "nginx -t -c other.conf"]);
        Assert.Equal(2, code);
        Assert.Contains("choose another --name, or remove that one with 'cap hook uninstall --with cron --name nginx --yes'", output,
            StringComparison.Ordinal);
        Assert.Contains("*/10 * * * * root", await File.ReadAllTextAsync(Folder.File("cron.d/cap-hook-nginx")), StringComparison.Ordinal);
        Assert.Equal(0, (await Cap().RunAsync("hook", "install", "--with", "watchdog", "--folder", Folder.File("watchdog.d"), "--yes",
            "--check", "nginx -t -c other.conf")).Code);
        Assert.Contains("nginx -t\n", await File.ReadAllTextAsync(Folder.File("cap/hooks/cron-nginx")), StringComparison.Ordinal);
        Assert.Contains("nothing is installed", (await Cap().RunAsync("hook", "uninstall", "--with", "cron", "--name", "ngnix", "--folder",
            Folder.File("cron.d"), "--yes")).Output, StringComparison.Ordinal);

        string[] systemd = ["hook", "install", "--folder", Folder.File("units"), "--yes"];
        Assert.Equal(0, (await Cap().RunAsync([.. systemd, "nginx", "--severity", "critical"])).Code);
        Assert.Equal(0, (await Cap().RunAsync([.. systemd, "cron"])).Code);
        Assert.Contains("OnFailure=cap-hook-critical@%n.service", await File.ReadAllTextAsync(Folder.File(
            "units/nginx.service.d/cap-hook.conf")),
            StringComparison.Ordinal);
        Assert.Contains("%i --severity critical\n", await File.ReadAllTextAsync(Folder.File("units/cap-hook-critical@.service")),
            StringComparison.Ordinal);
        Assert.Contains("%i --severity high\n", await File.ReadAllTextAsync(Folder.File("units/cap-hook-high@.service")),
            StringComparison.Ordinal);
    }

    private CapCommand With(params (string Name, string Value)[] settings) => new(Folder.Path, [.. settings, .. Settings(Gate)]);

    private Task<(int Code, string Output)> RunAsync(params string[] words) => Cap().RunAsync(["hook", "run", .. words]);
}
