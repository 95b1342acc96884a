using System.Text;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using CapOrleans.Notify;

namespace CapOrleans.Tests.Notify;

/// <summary>Deliveries to a program of the node.</summary>
public sealed class CommandChannelTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_program_gets_the_body_on_standard_input_and_nothing_of_our_environment()
    {
        var (bodyFile, envFile) = (directory.File("body"), directory.File("env"));
        var outcome = await RunAsync($"cat > {bodyFile}; env | sort > {envFile}; echo \"$1\" >> {envFile}", title: "a $(touch /tmp/x) b");
        Assert.True(outcome.Delivered);
        Assert.Equal("{\"a\":1}", await File.ReadAllTextAsync(directory.File("body")));
        var environment = (await File.ReadAllLinesAsync(directory.File("env"))).Where(line => !line.StartsWith("_=",
            StringComparison.Ordinal)).ToList();
        Assert.Contains("TITLE=a $(touch /tmp/x) b", environment);
        Assert.Contains("WEBHOOK_ID=log/1/7", environment);
        Assert.All(environment, line => Assert.Matches("^(PATH|PWD|SHLVL|OLDPWD|TITLE|WEBHOOK_ID)=|^$", line));
    }

    [Fact]
    public async Task Any_other_exit_status_is_a_failure_with_the_start_of_standard_error()
    {
        var outcome = await RunAsync("head -c 1000000 /dev/zero; echo 'no modem' >&2; head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 3");
        Assert.Equal((DeliveryFault.Status, null), (outcome.Fault, outcome.Code));
        Assert.StartsWith("exit 3: no modem\nx", outcome.Answer, StringComparison.Ordinal);
        Assert.InRange(outcome.Answer!.Length, 1, 300);
    }

    [Fact]
    public async Task A_program_that_reads_nothing_delivers_and_an_unknown_one_is_refused()
    {
        Assert.True((await RunAsync("exit 0", new string('x', 1_000_000))).Delivered);
        Assert.Equal(DeliveryFault.RefusedAddress, (await RunAsync("exit 0", name: "other")).Fault);
        using var sender = Sender(TimeProvider.System);
        Assert.Equal((true, false), (sender.MayReach(new Uri("command:page")), sender.MayReach(new Uri("mailto:a@b.example"))));
    }

    [Theory]
    [InlineData(0, DeliveryFault.None)]
    [InlineData(3, DeliveryFault.Status)]
    public async Task What_a_program_leaves_running_holds_nothing_up(int status, DeliveryFault fault)
    {
        var pid = directory.File("pid");
        var outcome = await RunAsync($"sleep 1000 & echo $! > {pid}; echo why >&2; exit {status}");
        Assert.Equal((fault, status == 0 ? null : "exit 3: why"), (outcome.Fault, outcome.Answer));
        using var left = System.Diagnostics.Process.GetProcessById(int.Parse(
            await File.ReadAllTextAsync(pid), System.Globalization.CultureInfo.InvariantCulture));
        left.Kill();
    }

    [Fact]
    public async Task A_program_that_hangs_is_ended_with_what_it_started()
    {
        var time = new CountedTime();
        var (part, pid) = (directory.File("pid.part"), directory.File("pid"));
        var running = RunAsync($"sleep 1000 & echo $! > {part}; mv {part} {pid}; wait", time: time);
        await Eventually.TrueAsync(() => File.Exists(directory.File("pid")));
        var child = int.Parse(await File.ReadAllTextAsync(directory.File("pid")), System.Globalization.CultureInfo.InvariantCulture);
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(DeliveryFault.Timeout, (await running).Fault);
        await Eventually.TrueAsync(() => !IsRunning(child));
    }

    private static bool IsRunning(int process) =>
        File.Exists($"/proc/{process}/stat") && !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);

    private async Task<DeliveryOutcome> RunAsync(
        string script, string body = "{\"a\":1}", string name = "page", string title = "Test", TimeProvider? time = null)
    {
        await File.WriteAllTextAsync(directory.File("program"), $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(directory.File("program"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var sender = Sender(time ?? TimeProvider.System);
        return await sender.TryAsync(
            new Delivery("log/1/7", new Uri($"command:{name}"), Encoding.UTF8.GetBytes(body), "application/json",
                new SigningSecrets("a1", [1]), title), default);
    }

    private WebhookSender Sender(TimeProvider time) => new(
        new ReceiverNetworks([]), WebhookSecret.Parse(WebhookSecret.Create()), time,
        new CommandChannel(new Dictionary<string, string> { ["page"] = directory.File("program") }, time));
}
