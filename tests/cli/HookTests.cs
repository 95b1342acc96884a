using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using CapOrleans.Bench.Chaos;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Cli;

/// <summary>Faults on a host become incidents: a real command, a real nginx, a gate that is unreachable.</summary>
[Collection(NodeCollection.Name)]
public sealed partial class HookTests(NodeFixture node) : HookHost(node)
{
    [Fact]
    public async Task A_command_that_fails_is_reported_with_the_end_of_its_output_and_its_exit_code_is_kept()
    {
        var (code, output) = await HookAsync(Gate, "run", "--name", "backup", "--severity", "critical", "--", "sh", "-c", "echo the disk is full >&2; exit 7");
        Assert.Equal(7, code);
        Assert.Contains("the disk is full", output, StringComparison.Ordinal);
        var incident = Assert.Single(await IncidentsAsync(1));
        Assert.Matches("^BACKUPFAIL-[0-9a-f]{12}$", incident.Text("incidentId"));
        Assert.Equal(("critical", "full-v2"), (incident.Text("severity"), incident.Text("scheme")));
        Assert.EndsWith("exited with status 7\nthe disk is full\n", incident.Text("description"), StringComparison.Ordinal);

        Assert.Equal((0, ""), await HookAsync(Gate, "run", "--", "true"));
        Assert.Single(await IncidentsAsync(1));
    }

    [Fact]
    public async Task Arguments_and_secrets_of_a_command_stay_on_the_host()
    {
        string[] command = ["sh", "-c", "echo connecting as postgres://me:hunter2@db >&2; exit 7", "--token", "hunter2"];
        await HookAsync(Gate, ["run", "--", "/usr/bin/env", .. command]);
        Assert.Equal("env exited with status 7\nconnecting as postgres://[masked]@db\n", (await IncidentsAsync(1))[0].Text("description"));
        await HookAsync(Gate, ["run", "--include-command", "--", "/usr/bin/env", .. command]);
        Assert.Equal(
            "/usr/bin/env sh -c echo connecting as postgres://[masked]@db >&2; exit 7 --token [masked] exited with status 7\nconnecting as postgres://[masked]@db\n",
            (await IncidentsAsync(2))[1].Text("description"));

        Assert.Equal(0, (await HookAsync(Gate, "watch", "--once", "--check", "PASSWORD=hunter2 false --token hunter2")).Code);
        var watched = (await IncidentsAsync(3))[2];
        Assert.StartsWith("FALSEFAIL-", watched.Text("incidentId"), StringComparison.Ordinal);
        Assert.Equal("false exited with status 1\n", watched.Text("description"));

        await HookAsync(Gate, "run", "--", "MYSQL_PWD=hunter2 backup.sh now");
        var quoted = (await IncidentsAsync(4))[3];
        Assert.StartsWith("BACKUPSHFAIL-", quoted.Text("incidentId"), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", quoted.GetRawText(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_secret_at_the_cut_is_masked_all_the_same()
    {
        await HookAsync(Gate, "run", "--", "sh", "-c", "printf 'password=%04090d hunter2 password=hunter%04090d' 1 2 >&2; exit 1");
        Assert.DoesNotContain("0000", (await IncidentsAsync(1))[0].Text("description"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_runs_in_the_environment_and_with_the_output_it_would_have_had()
    {
        await File.WriteAllTextAsync(Folder.File(".env"), "PRIVATE_KEY=hunter2\n'broken\n");
        var cap = new CapCommand(Folder.Path, [.. Settings(Gate), ("CAP_TOKEN", "kept"), ("PRIVATE_KEY", "kept")]);
        var (code, output) = await cap.RunToFileAsync("hook", "run", "--", "sh", "-c", "printf '\\033[31m%s %s\\033[0m\\n' $CAP_TOKEN $PRIVATE_KEY >&2");
        Assert.Equal((0, "\e[31mkept kept\e[0m\n"), (code, output));
    }

    [Fact]
    public async Task What_no_gate_takes_waits_on_the_host_and_goes_out_in_order()
    {
        foreach (var name in (string[])["one", "two", "three"])
        {
            var (code, output) = await HookAsync($"http://127.0.0.1:{Child.FreePort()}/gate_receive", "run", "--name", name, "--", "false");
            Assert.Equal(1, code);
            Assert.Contains("are queued in", output, StringComparison.Ordinal);
        }

        Assert.Equal(4, (await HookAsync($"http://127.0.0.1:{Child.FreePort()}/gate_receive", "flush")).Code);
        Assert.Equal(3, Directory.GetFiles(Folder.File("spool"), "*.json").Length);
        Assert.Equal((0, "3 sent"), await HookAsync(Gate, "flush"));
        Assert.Equal((0, "nothing queued"), await HookAsync(Gate, "flush"));
        Assert.Empty(Directory.GetFiles(Folder.File("spool"), "*.json"));
        Assert.Equal(["ONE", "TWO", "THREE"], (await IncidentsAsync(3)).Select(incident => incident.Text("incidentId").Split("FAIL-")[0]));
    }

    [Fact]
    public async Task What_is_refused_is_put_aside_and_holds_up_nothing()
    {
        var stranger = CapOrleans.Core.Signatures.PrivateKey.Create();
        await File.WriteAllTextAsync(Folder.File("data/identity.key"), stranger.ExportHex());
        var output = "";
        await Eventually.TrueAsync(async () =>
        {
            // While a gate has no key list, it accepts the incident, and every retry too.
            (var code, output) = await HookAsync(Gate, "unit", "nginx.service");
            return code == 1;
        });
        Assert.Contains("refused with 403", output, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Folder.File("spool"), "*.refused"));
        Assert.All(Directory.GetFiles(Folder.File("spool")), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        (var flushed, output) = await HookAsync(Gate, "flush");
        Assert.Equal(1, flushed);
        Assert.Contains("1 refused and put aside in", output, StringComparison.Ordinal);

        // Once the key is added, what was put aside is sent.
        using var added = await Node.Operator.PostAsJsonAsync($"/v1/caps/{CapId}/changes", new { change = new { addKey = new { address = stranger.Address.ToString() } } });
        Assert.True(added.IsSuccessStatusCode);
        await Eventually.TrueAsync(async () => (await HookAsync(Gate, "flush", "--refused")).Code == 0);
        Assert.Single(await IncidentsAsync(1));
    }

    [Theory]
    [InlineData(200, "<html>Please log in</html>")]
    [InlineData(200, "{}")]
    [InlineData(302, "")]
    [InlineData(403, "<html>Forbidden</html>")]
    [InlineData(404, "nothing here")]
    [InlineData(429, """{"type":"urn:caporleans:problem:too-many-requests","title":"too many requests"}""")]
    [InlineData(400, """{"type":"urn:caporleans:problem:sealed-body","title":"sealed body"}""")]
    public async Task What_no_gate_decided_waits(int status, string body)
    {
        var port = Child.FreePort();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        await using var between = builder.Build();
        between.MapPost("/{**path}", () => Results.Text(body, statusCode: status));
        await between.StartAsync();
        Assert.Equal(1, (await HookAsync($"http://127.0.0.1:{port}/gate_receive", "run", "--", "false")).Code);
        Assert.Single(Directory.GetFiles(Folder.File("spool"), "*.json"));
        Assert.Equal((0, "1 sent"), await HookAsync(Gate, "flush"));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(200)]
    [InlineData(0)]
    public async Task What_an_intermediary_refuses_moves_behind_the_others(int status)
    {
        var port = Child.FreePort();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        await using var between = builder.Build();
        var mayPass = false;
        between.MapGet("/health/live", () => Results.Ok());
        between.MapPost("/{**path}", async (HttpContext context) =>
        {
            using var body = new StreamReader(context.Request.Body);
            var text = await body.ReadToEndAsync();
            if (!mayPass && text.Contains("jndi", StringComparison.Ordinal))
            {
                if (status == 0)
                {
                    context.Abort();
                }

                return Results.Text("<html>", statusCode: status);
            }

            using var passed = await Node.Gate.PostAsync("/gate_receive", NodeFixture.Json(System.Text.Encoding.UTF8.GetBytes(text)));
            return Results.Text(await passed.Content.ReadAsStringAsync(), "application/json", statusCode: (int)passed.StatusCode);
        });
        await between.StartAsync();
        var gate = $"http://127.0.0.1:{port}/gate_receive";
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(1, (await HookAsync(gate, "run", "--name", $"bad{i}", "--", "sh", "-c", "echo '${jndi:x}' >&2; false")).Code);
        }

        foreach (var name in (string[])["one", "two"])
        {
            var (_, output) = await HookAsync(gate, "run", "--name", name, "--", "false");
            Assert.Contains("Something between here and the gate refuses what is left: ", output, StringComparison.Ordinal);
            Assert.Contains(" 2 are queued in", output, StringComparison.Ordinal);
        }

        Assert.Equal(["ONE", "TWO"], (await IncidentsAsync(2)).Select(incident => incident.Text("incidentId").Split("FAIL-")[0]));
        var spool = Directory.GetFiles(Folder.File("spool"), "*.json");
        Assert.Equal(2, spool.Length);

        // What is blocked for a week is put aside; the other one is sent once it may pass.
        File.SetLastWriteTimeUtc(spool.Order(StringComparer.Ordinal).First(), TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-8));
        var (code, flush) = await HookAsync(gate, "flush");
        Assert.Equal(4, code);
        Assert.Contains("0 sent, 1 kept, 1 refused", flush, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Folder.File("spool"), "*.refused"));
        mayPass = true;
        Assert.StartsWith("1 sent\n", (await HookAsync(gate, "flush")).Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Folder.File("spool"), "*.tried"));
    }

    [Fact]
    public async Task An_invalid_file_in_the_spool_blocks_nothing()
    {
        await HookAsync($"http://127.0.0.1:{Child.FreePort()}/gate_receive", "run", "--name", "real", "--", "false");
        await File.WriteAllTextAsync(Folder.File("spool/000000000000-0123456789ab.json"), "{}");
        await File.WriteAllTextAsync(Folder.File("spool/notes.json"), "{");
        var (code, output) = await HookAsync(Gate, "flush");
        Assert.True(code == 1, output);
        Assert.Contains("1 sent, 1 refused", output, StringComparison.Ordinal);
        Assert.StartsWith("REALFAIL-", (await IncidentsAsync(1))[0].Text("incidentId"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_is_not_there_is_a_failure_like_any_other()
    {
        Assert.Equal(127, (await HookAsync(Gate, "run", "--", "no-such-program")).Code);
        Assert.Contains("no-such-program cannot be run", (await IncidentsAsync(1))[0].Text("description"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_with_a_torn_state_file_continues_and_one_that_is_stopped_exits_cleanly()
    {
        Assert.Equal(0, (await HookAsync(Gate, "watch", "--once", "--name", "torn", "--check", "false")).Code);
        await File.WriteAllTextAsync(Directory.GetFiles(Folder.File("spool"), "watch-*.state").Single(), "");
        var (code, output) = await HookAsync(Gate, "watch", "--once", "--name", "torn", "--check", "false");
        Assert.Equal(0, code);
        Assert.Contains("is damaged", output, StringComparison.Ordinal);
        Assert.Equal(2, (await IncidentsAsync(2)).Count);

        using var watch = Start(Gate, "watch", "--check", $"touch {Folder.File("checked")}", "--every", "1s");
        await Eventually.TrueAsync(() => File.Exists(Folder.File("checked")));
        watch.Signal(15);
        Assert.Equal((0, false), (await watch.ExitAsync(), watch.Output.Contains("   at ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_host_that_can_keep_nothing_still_sends()
    {
        await File.WriteAllTextAsync(Folder.File("spool"), "no folder"); // as on a full or read-only disk
        var (code, output) = await HookAsync(Gate, "run", "--name", "disk", "--", "false");
        Assert.Equal(1, code);
        Assert.Contains("cannot be written", output, StringComparison.Ordinal);
        Assert.StartsWith("DISKFAIL-", (await IncidentsAsync(1))[0].Text("incidentId"), StringComparison.Ordinal);
    }

    [RootFact]
    public async Task A_disk_that_became_read_only_delays_no_report()
    {
        await using var disk = await SmallDisk.MountAsync(Folder.File("small"), 4);
        var cap = new CapCommand(Folder.Path, [.. Settings(Gate).Where(setting => setting.Name != "CAP_SPOOL"), ("CAP_SPOOL", Path.Combine(disk.Path, "spool"))]);
        Assert.Equal(0, (await cap.RunAsync("hook", "watch", "--once", "--name", "ro", "--check", "true")).Code);
        await cap.RunAsync("hook", "flush");
        await Child.RunAsync("mount", "-o", "remount,ro", disk.Path);
        Assert.Equal(1, (await cap.RunAsync("hook", "run", "--name", "first", "--", "false")).Code);
        Assert.Equal(0, (await cap.RunAsync("hook", "watch", "--once", "--name", "ro", "--check", "false")).Code);
        Assert.Equal(["FIRST", "RO"], (await IncidentsAsync(2)).Select(incident => incident.Text("incidentId").Split("FAIL-")[0]));
    }

    [Fact]
    public async Task A_hook_without_a_key_runs_the_command_all_the_same()
    {
        File.Delete(Folder.File("data/identity.key"));
        Assert.Equal((0, ""), await HookAsync(Gate, "run", "--", "touch", Folder.File("done")));
        Assert.True(File.Exists(Folder.File("done")));
        var (code, output) = await HookAsync(Gate, "run", "--", "sh", "-c", "exit 9");
        Assert.Equal(9, code);
        Assert.Contains("private key", output, StringComparison.Ordinal);
        Assert.Contains("The report is kept unsigned at", output, StringComparison.Ordinal);

        // Once there is a key, the report is sent.
        await File.WriteAllTextAsync(Folder.File("data/identity.key"), (await Node.RegisterAsync($"{CapId}-2")).ExportHex());
        var cap = new CapCommand(Folder.Path, [("CAP_ID", $"{CapId}-2"), .. Settings(Gate)]);
        Assert.Equal(1, (await cap.RunAsync("doctor")).Code);
        Assert.Equal((0, "1 sent"), await cap.RunAsync("hook", "flush", "--refused"));
        await Eventually.TrueAsync(async () =>
            (await Node.Api.GetStringAsync($"/v1/incidents?cap={CapId}-2")).Contains("exited with status 9", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(Folder.File("spool"), "*.refused"));
    }

    [Fact]
    public async Task A_watch_that_was_killed_reports_nothing_twice()
    {
        await File.WriteAllTextAsync(Folder.File("broken"), "");
        for (var i = 0; i < 3; i++)
        {
            using var watch = Start(Gate, "watch", "--name", "nginx", "--check", $"test ! -e {Folder.File("broken")}", "--every", "1s");
            await IncidentsAsync(1);
            watch.Kill9();
            await watch.ExitedAsync(CancellationToken.None);
        }

        Assert.Single(await IncidentsAsync(1));
    }

    [Fact]
    public async Task The_same_check_run_twice_at_once_reports_once()
    {
        var check = $"touch {Folder.File("started")}; until test -e {Folder.File("go")}; do sleep 0.05; done; exit 1";
        using var slow = Start(Gate, "watch", "--once", "--name", "slow", "--check", check);
        await Eventually.TrueAsync(() => File.Exists(Folder.File("started")));
        var (code, output) = await HookAsync(Gate, "watch", "--once", "--name", "slow", "--check", check);
        Assert.Equal(3, code);
        Assert.Contains("being checked already", output, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Folder.File("go"), "");
        Assert.Equal(0, await slow.ExitAsync());
        Assert.Single(await IncidentsAsync(1));
    }

    [Fact]
    public async Task A_watch_reports_failure_and_recovery_and_nothing_else()
    {
        using var watch = Start(Gate, "watch", "--name", "nginx", "--check", $"test ! -e {Folder.File("broken")}", "--every", "1s");
        await File.WriteAllTextAsync(Folder.File("broken"), "");
        Assert.Matches(Fail(), (await IncidentsAsync(1))[0].Text("incidentId"));
        File.Delete(Folder.File("broken"));
        var incidents = await IncidentsAsync(2);
        Assert.Equal(incidents[0].Text("incidentId").Replace("FAIL", "OK", StringComparison.Ordinal), incidents[1].Text("incidentId"));
        Assert.Equal("normal", incidents[1].Text("severity"));

        // The incident that it opened is resolved, and names the recovery.
        await Eventually.TrueAsync(async () => (await IncidentsAsync(2))[0].Text("state") == "resolved");
        var update = Assert.Single((await IncidentsAsync(2))[0].GetProperty("updates").EnumerateArray());
        Assert.Equal((incidents[1].Text("incidentId"), incidents[0].Text("signer")), (update.Text("recovery"), update.Text("by")));
        watch.Signal(15);
        await watch.ExitAsync();
    }

    [NginxFact]
    public async Task A_broken_nginx_is_reported_in_its_own_words()
    {
        await File.WriteAllTextAsync(Folder.File("nginx.conf"), "events {}\nhttp { server { listen 99999; } }\n");
        var (code, _) = await HookAsync(Gate, "run", "--", "/usr/sbin/nginx", "-t", "-c", Folder.File("nginx.conf"), "-g", $"pid {Folder.File("pid")}; error_log stderr;");
        Assert.NotEqual(0, code);
        var incident = (await IncidentsAsync(1))[0];
        Assert.Matches(Fail(), incident.Text("incidentId"));
        Assert.Contains("invalid port in \"99999\"", incident.Text("description"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_files_for_systemd_are_shown_first_and_written_when_that_is_wanted()
    {
        var (code, shown) = await HookAsync(Gate, "install", "nginx", "--folder", Folder.File("units"));
        Assert.Equal(0, code);
        Assert.Contains("OnFailure=cap-hook-high@%n.service", shown, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder.File("units")));
        Assert.Equal(0, (await HookAsync(Gate, "install", "nginx", "--folder", Folder.File("units"), "--yes")).Code);
        Assert.Contains("hook unit %i", await File.ReadAllTextAsync(Folder.File("units/cap-hook-high@.service")), StringComparison.Ordinal);
        Assert.True(File.Exists(Folder.File("units/nginx.service.d/cap-hook.conf")));

        string[] odd = ["nginx@a\\x2db.c", "backup.timer"];
        Assert.Equal(0, (await HookAsync(Gate, ["install", .. odd, "--folder", Folder.File("units"), "--yes"])).Code);
        Assert.True(File.Exists(Folder.File("units/nginx@a\\x2db.c.service.d/cap-hook.conf")));
        Assert.True(File.Exists(Folder.File("units/backup.timer.d/cap-hook.conf")));
        Assert.Equal(0, (await HookAsync(Gate, ["uninstall", .. odd, "--folder", Folder.File("units"), "--yes"])).Code);
        Assert.True(File.Exists(Folder.File("units/cap-hook-high@.service"))); // nginx still uses it
        Assert.Equal(0, (await HookAsync(Gate, "uninstall", "nginx", "--folder", Folder.File("units"), "--yes")).Code);
        Assert.Empty(Directory.EnumerateFiles(Folder.File("units"), "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("cron", "*/6 * * * * root ")]
    [InlineData("watchdog", "[ \"$1\" = test ] && ")]
    public async Task The_files_for_cron_and_watchdog_run_and_report_each_change_once(string with, string start)
    {
        var check = $"echo 50% of it\\'s gone >&2; test ! -e {Folder.File("broken")}";
        Assert.Equal(0, (await HookAsync(Gate, "install", "--with", with, "--check", check, "--every", "6m", "--name", "disk", "--folder", Folder.File("etc"), "--yes")).Code);
        var line = (await File.ReadAllLinesAsync(Folder.File("etc/cap-hook-disk"))).Single(text => text.StartsWith(start, StringComparison.Ordinal));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | (with == "watchdog" ? UnixFileMode.UserExecute : 0), File.GetUnixFileMode(Folder.File("etc/cap-hook-disk")));
        Assert.True(line.IndexOfAny(['%', '\\']) < 0, line); // characters that cron interprets are in a separate file
        await File.WriteAllTextAsync(Folder.File("broken"), "");
        for (var i = 0; i < 2; i++)
        {
            using var shell = Child.Start("/bin/sh", ["-c", line[start.Length..]], Environment());
            Assert.True(await shell.ExitAsync() == 0, shell.Output);
        }

        var incident = Assert.Single(await IncidentsAsync(1));
        Assert.StartsWith("DISKFAIL-", incident.Text("incidentId"), StringComparison.Ordinal);
        Assert.Contains("50% of it's gone", incident.Text("description"), StringComparison.Ordinal);
        foreach (var arguments in (string[][])[["--with", with], ["--with", with, "--check", "true\n* * * * * root id"], ["--with", "cron", "--check", "true", "--every", "45m"], ["--with", with, "--check", "true", "--name", "a/b"], ["../x"]])
        {
            Assert.Equal(2, (await HookAsync(Gate, ["install", .. arguments])).Code);
        }

        string[] uninstall = ["uninstall", "--with", with, "--name", "disk", "--folder", Folder.File("etc")];
        Assert.Contains($"cap/hooks/{with}-disk", (await HookAsync(Gate, uninstall)).Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Folder.File("etc/cap-hook-disk")));
        Assert.Equal(0, (await HookAsync(Gate, [.. uninstall, "--yes"])).Code);
        Assert.False(File.Exists(Folder.File("etc/cap-hook-disk")) || File.Exists(Folder.File($"cap/hooks/{with}-disk")));
    }

    private Task<(int Code, string Output)> HookAsync(string gate, params string[] arguments) => Cap(gate).RunAsync(["hook", .. arguments]);

    private Child Start(string gate, params string[] arguments) => Cap(gate).Start(["hook", .. arguments]);

    private Dictionary<string, string> Environment() => Settings(Gate).ToDictionary(pair => pair.Name, pair => pair.Value);

    [GeneratedRegex("^NGINXFAIL-[0-9a-f]{12}$")]
    private static partial Regex Fail();
}
