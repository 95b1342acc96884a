using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace CapOrleans.Tests.Cli;

/// <summary>A command runs under <c>cap hook run</c> as it would without it.</summary>
[Collection(NodeCollection.Name)]
public sealed class HookRunTests(NodeFixture node) : HookHost(node)
{
    [Theory]
    [InlineData("trap 'echo asked to stop >&2; exit 3' TERM;", 3, "exited with status 3\nasked to stop\n")]
    [InlineData("", 143, "exited with status 143 (signal 15)\n")]
    public async Task A_signal_reaches_the_command_and_its_outcome_is_reported(string trap, int status, string end)
    {
        var started = Folder.File("started");
        using var run = Cap().Start(["hook", "run", "--", "sh", "-c", $"{trap} touch {started}; while :; do sleep 0.05; done"]);
        await Eventually.TrueAsync(() => File.Exists(started));
        run.Signal(15);
        Assert.Equal(status, await run.ExitAsync());
        Assert.EndsWith(end, await DescriptionAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_ends_as_a_shell_does_with_what_cannot_be_run()
    {
        await File.WriteAllTextAsync(Folder.File("text"), "exit 5\n");
        Assert.Equal(126, (await RunAsync(Folder.File("text"))).Code);
        Assert.Equal(126, (await RunAsync(Folder.Path)).Code);
        Assert.Equal(127, (await RunAsync("no-such-program")).Code);
        Assert.Equal(127, (await RunAsync(Folder.File("text/below"))).Code);
        File.SetUnixFileMode(Folder.File("text"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal(5, (await RunAsync(Folder.File("text"))).Code); // without a shebang line, a shell runs it
    }

    [Fact]
    public async Task Background_processes_of_a_command_are_not_waited_for_and_can_go_on_writing()
    {
        var (go, output) = (Folder.File("go"), Folder.File("output"));
        var daemon = $"(until test -e {go}; do sleep 0.05; done; echo first >&2; echo second >&2) > /dev/null & exit 0";
        await ShellAsync($"exec cap hook run -- sh -c \"$1\" 2> {output}", daemon); // returns, though nothing has been written
        await File.WriteAllTextAsync(go, "");
        await Eventually.TrueAsync(() => File.ReadAllText(output) == "first\nsecond\n");
    }

    [Theory]
    [InlineData("""printf '\377\376h\000i\000\n\000' >&2""")] // starts like UTF-16
    [InlineData("""head -c 300000 /dev/urandom | tee "$0" >&2""")]
    [InlineData("""printf 'caf\351 \303' >&2""")]
    public async Task Its_output_passes_through_byte_for_byte_and_an_incident_has_the_text_of_it(string command)
    {
        var (direct, through, copy) = (Folder.File("direct"), Folder.File("through"), Folder.File("copy"));
        await ShellAsync($"sh -c \"$1; exit 0\" {copy} 2> {direct}", command);
        await ShellAsync($"cap hook run -- sh -c \"$1; exit 4\" {copy} 2> {through}; test $? = 4", command);
        var expected = await File.ReadAllBytesAsync(File.Exists(copy) ? copy : direct);
        // The result of the report follows it.
        Assert.Equal(expected, (await File.ReadAllBytesAsync(through)).Take(expected.Length));
        var description = await DescriptionAsync();
        Assert.StartsWith("sh exited with status 4\n", description, StringComparison.Ordinal);
        var end = expected.Length < 100 ? "" : "[300000 bytes of binary output]";
        Assert.EndsWith(end, description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_and_environment_keep_their_bytes()
    {
        var shown = await ShellAsync("""
            export ODD=$(printf 'a\377b')
            cap hook run -- sh -c 'printf "%s|%s|%s|" "$0" "$1" "$ODD" | od -An -tx1 | tr -d " \n"' "$(printf 'x\376y')" "" @none
            """);
        Assert.Equal("78fe797c7c61ff627c", shown);
    }

    [Fact]
    public async Task All_of_its_errors_arrive_even_where_writing_would_block() =>
        Assert.Equal("1000000", await ShellAsync("""
            perl -MFcntl -e '
              pipe(my $read, my $write); fcntl($write, F_SETFL, fcntl($write, F_GETFL, 0) | O_NONBLOCK);
              if (!fork) { open(STDERR, ">&", $write); exec "cap", "hook", "run", "--", "sh", "-c", "head -c 1000000 /dev/zero >&2" }
              close($write); my $count = 0; while ((my $n = sysread($read, my $part, 4096)) > 0) { $count += $n } print $count'
            """));

    [Fact]
    public async Task A_broken_pipe_ends_the_command_as_usual() =>
        Assert.Equal("141", await ShellAsync("""cap hook run -- bash -c 'yes | head -n 1 > /dev/null; echo -n ${PIPESTATUS[0]}'"""));

    [Fact]
    public async Task A_command_whose_error_output_is_closed_ends_as_without_the_hook() =>
        Assert.Equal("141", await ShellAsync("""
            mkfifo errors
            (cap hook run -- sh -c 'trap - PIPE; yes >&2' 2> errors; echo -n $? > status) & head -n 1 errors > /dev/null; wait; cat status
            """));

    [Fact]
    public async Task A_command_runs_with_its_output_and_errors_closed() =>
        Assert.Equal("ran", await ShellAsync("""cap hook run -- sh -c 'echo -n ran > "$0"' made 2>&- >&-; cat made"""));

    [Fact]
    public async Task Of_failures_at_once_one_tries_a_gate_that_does_not_answer()
    {
        using var gate = new TcpListener(IPAddress.Loopback, 0);
        gate.Start();
        var cap = Cap($"http://127.0.0.1:{((IPEndPoint)gate.LocalEndpoint).Port}/gate_receive");
        var runs = Enumerable.Range(0, 4).Select(_ => cap.RunAsync("hook", "run", "--", "false")).ToList();
        using var first = await gate.AcceptSocketAsync();
        await Eventually.TrueAsync(() => Directory.GetFiles(Folder.File("spool"), "*.json").Length == 4); // all four are in the spool meanwhile
        first.Close();
        var others = 0;
        var accepting = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    using var other = await gate.AcceptSocketAsync();
                    others++;
                }
            }
            catch (Exception fault) when (fault is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The listener has stopped.
            }
        });
        Assert.All(await Task.WhenAll(runs), run => Assert.Equal(1, run.Code));
        gate.Stop();
        await accepting;
        Assert.InRange(others, 0, 1); // a run may have probed whether there is a gate at all
        Assert.Equal(4, Directory.GetFiles(Folder.File("spool"), "*.json").Length);
    }

    [Fact]
    public async Task A_gate_marked_unreachable_in_the_future_is_tried()
    {
        Directory.CreateDirectory(Folder.File("spool"));
        await File.WriteAllTextAsync(Folder.File("spool/away"), "");
        File.SetLastWriteTimeUtc(Folder.File("spool/away"), TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(1));
        await RunAsync("false");
        Assert.Single(await IncidentsAsync());
    }

    [Fact]
    public async Task A_check_that_does_not_answer_is_ended_with_all_that_it_started()
    {
        var pid = Folder.File("pid");
        var check = $"sleep 1000 & echo $! > {pid}; wait";
        Assert.Equal(0, (await Cap().RunAsync("hook", "watch", "--once", "--name", "slow", "--limit", "1s", "--check", check)).Code);
        Assert.StartsWith("sleep did not answer in time", await DescriptionAsync(), StringComparison.Ordinal);
        var status = $"/proc/{(await File.ReadAllTextAsync(pid)).Trim()}/stat";
        await Eventually.TrueAsync(() => !File.Exists(status) || File.ReadAllText(status).Contains(") Z", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hook_moves_the_score_by_the_given_values()
    {
        await Cap().RunAsync("hook", "run", "--f-e", "0.25", "--m-e", "0.5", "--", "false");
        var incident = (await IncidentsAsync())[0];
        Assert.Equal((0.25m, 0.5m), (incident.GetProperty("feedback").GetDecimal(), incident.GetProperty("misuse").GetDecimal()));
    }

    private async Task<string> DescriptionAsync() => (await IncidentsAsync())[0].Text("description");

    /// <returns>The output of a shell that has <c>cap</c> on its PATH.</returns>
    private async Task<string> ShellAsync(string script, params string[] arguments)
    {
        await File.WriteAllTextAsync(Folder.File("script"), script.ReplaceLineEndings("\n"));
        var environment = Settings(Gate).ToDictionary(pair => pair.Name, pair => pair.Value);
        environment["PATH"] = $"{Path.GetDirectoryName(CapCommand.Program)}:{System.Environment.GetEnvironmentVariable("PATH")}";
        // .NET, which runs this test, ignores SIGPIPE, and its child processes inherit that.
        string[] call = ["--default-signal=PIPE", "bash", Folder.File("script"), .. arguments];
        using var shell = Child.Start("env", call, environment, Folder.Path);
        var code = await shell.ExitAsync();
        return code == 0 ? shell.Output.TrimEnd('\n') : throw new InvalidOperationException($"{code}: {shell.Output}");
    }

    private Task<(int Code, string Output)> RunAsync(params string[] command) => Cap().RunAsync(["hook", "run", "--", .. command]);
}
