namespace CapOrleans.Cli.Hooks;

/// <summary>
/// A command that was run to its end as if without a wrapper: with the bytes, the descriptors and the signals that were
/// meant for it, and with its output passed through.
/// </summary>
/// <param name="ExitCode">As a shell reports it.</param>
/// <param name="ErrorTail">The end of what it wrote to standard error, with secrets masked.</param>
/// <param name="TimedOut">
/// Whether it exceeded its time limit, and was killed with everything that it had started.
/// </param>
internal sealed record RunCommand(int ExitCode, string ErrorTail, DateTimeOffset EndedAt, bool TimedOut = false)
{
    private const int NotRunnable = 126, NotFound = 127, Kill = 9;
    private const int NoEntry = 2, NoFormat = 8, NoDirectory = 20, NameTooLong = 36, Loop = 40;

    /// <summary>Processes that watches left behind to copy output; each is reaped when it has ended.</summary>
    private static readonly List<int> copiers = [];

    public string HowItEnded => TimedOut ? "did not answer in time"
        : ExitCode > 128 ? $"exited with status {ExitCode} (signal {ExitCode - 128})" : $"exited with status {ExitCode}";

    /// <param name="forward">Whether this process's signals go to the command.</param>
    /// <param name="limit">Time after which it is killed; null for none.</param>
    public static async Task<RunCommand> RunAsync(CommandLine line, bool forward, TimeSpan? limit, CancellationToken cancellationToken)
    {
        copiers.RemoveAll(Posix.TryReap);
        var (read, write) = Posix.Pipe();
        using var signals = forward ? new ForwardedSignals() : null;
        var fault = Spawn(line, write, ownGroup: limit is not null, out var pid);
        Posix.Close(write);
        if (fault != 0)
        {
            Posix.Close(read);
            var why = $"{System.Text.Encoding.UTF8.GetString(line.Arguments[0]).TrimEnd('\0')} cannot be run: {Posix.Describe(fault)}";
            await Console.Error.WriteLineAsync(why);
            var code = fault is NoEntry or NoDirectory or NameTooLong or Loop ? NotFound : NotRunnable;
            return new RunCommand(code, $"{why}\n", TimeProvider.System.GetUtcNow());
        }

        signals?.SendTo(pid);
        using var ended = new CancellationTokenSource();
        var watching = KillAfterAsync(pid, limit, ended.Token, cancellationToken);
        var tail = new OutputTail();
        await Task.Factory.StartNew(
            () => PassOutput(pid, read, tail), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await ended.CancelAsync();
        var timedOut = await watching;
        signals?.Dispose();
        var status = Posix.Reap(pid);
        cancellationToken.ThrowIfCancellationRequested();
        return new RunCommand(status, tail.ToString(), TimeProvider.System.GetUtcNow(), timedOut);
    }

    private static int Spawn(CommandLine line, int errors, bool ownGroup, out int pid)
    {
        (int, int)[] descriptors = [(errors, Posix.ErrorOutput)];
        var resetPipe = !CommandLine.WasPipeSignalIgnored();
        var fault = Posix.Spawn(line, descriptors, resetPipe, ownGroup, out pid);
        return fault == NoFormat ? Posix.Spawn(line.InShell(), descriptors, resetPipe, ownGroup, out pid) : fault;
    }

    /// <returns>Whether it was killed for exceeding the limit.</returns>
    private static async Task<bool> KillAfterAsync(int pid, TimeSpan? limit, CancellationToken ended, CancellationToken cancelled)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ended, cancelled);
        try
        {
            await Task.Delay(limit ?? Timeout.InfiniteTimeSpan, TimeProvider.System, linked.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return false;
        }
        catch (OperationCanceledException)
        {
            // Cancelled: the command is killed as well.
        }

        Posix.Signal(limit is null ? pid : -pid, Kill);
        return !cancelled.IsCancellationRequested;
    }

    /// <summary>
    /// Passes the output on until the command has ended, even if other processes still have its standard error.
    /// </summary>
    private static void PassOutput(int pid, int read, OutputTail tail)
    {
        var (exited, end) = Posix.Pipe();
        var waiting = new Thread(() =>
        {
            Posix.WaitForExit(pid);
            Posix.Close(end);
        }) { IsBackground = true };
        waiting.Start();
        var buffer = new byte[64 << 10];
        var isOpen = true;
        while (!Posix.Poll(isOpen ? read : -1, exited).Second)
        {
            CopyOutput(buffer.Length); // then it is the output that is ready
        }

        for (var left = Posix.Available(read); left > 0 && isOpen; left -= buffer.Length)
        {
            CopyOutput(Math.Min(left, buffer.Length));
        }

        if (isOpen && !Posix.IsHungUp(read))
        {
            HandOver(read);
        }

        CloseOutput();
        Posix.Close(exited);

        void CopyOutput(int most)
        {
            var passed = buffer.AsSpan(0, Posix.Read(read, buffer.AsSpan(0, most)));
            tail.Add(passed);
            if (passed.IsEmpty || !Posix.Write(Posix.ErrorOutput, passed))
            {
                CloseOutput(); // the command's next write ends it, as it would without a wrapper
            }
        }

        void CloseOutput()
        {
            if (isOpen)
            {
                Posix.Close(read);
                isOpen = false;
            }
        }
    }

    /// <summary>
    /// Hands the pipe over to a copier, so that what the command left running can still write after this process has
    /// ended: without a reader, its next write would end it.
    /// </summary>
    private static void HandOver(int read)
    {
        if (Posix.Spawn(CommandLine.Of("cat"), [(read, 0), (Posix.ErrorOutput, 1)], resetPipe: true, ownGroup: true, out var pid) == 0)
        {
            copiers.Add(pid);
        }
    }
}
