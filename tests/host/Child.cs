using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace CapOrleans.TestHost;

/// <summary>A real process beside this one, signalled by its id.</summary>
public sealed partial class Child : IDisposable
{
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    private readonly Process process;
    private readonly ConcurrentQueue<string> printed = new(), errors = new();
    private readonly SemaphoreSlim arrived = new(0);

    private Child(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Take(printed, line.Data);
        process.ErrorDataReceived += (_, line) => Take(errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Numbers of SIGSTOP and SIGCONT.</summary>
    public const int Stop = 19, Continue = 18;

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>
    /// Standard output followed by standard error, for the order of lines across two pipes is unknown.
    /// </summary>
    public string Output => string.Join('\n', Lines);

    private IEnumerable<string> Lines => printed.Concat(errors);

    public static Child Start(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Repository.Root,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new Child(Process.Start(start)!);
    }

    /// <summary>Runs a program to its end and returns its output; a failure throws with that output.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var child = Start(program, arguments);
        var code = await child.ExitAsync();
        return code == 0 ? child.Output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}:\n{child.Output}");
    }

    public async Task<string> LineAsync(string part, TimeSpan within)
    {
        using var timeout = new CancellationTokenSource(within, TimeProvider.System);
        while (true)
        {
            if (Lines.FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            try
            {
                await arrived.WaitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"No line with '{part}' within {within}:\n{Output}");
            }
        }
    }

    public void Signal(int number) => _ = Kill(process.Id, number);

    public void Kill9() => Signal(9);

    /// <summary>Completes when the process has exited or the token is cancelled; does not throw.</summary>
    public Task ExitedAsync(CancellationToken cancellationToken) => process.WaitForExitAsync(cancellationToken).ContinueWith(
        _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    public async Task<int> ExitAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(90), TimeProvider.System);
        await process.WaitForExitAsync(timeout.Token);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        process.Dispose();
        arrived.Dispose();
    }

    /// <returns>A free port that was not returned before: an earlier caller may not have bound its port yet.</returns>
    public static int FreePort()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            if (Given.TryAdd(port, true))
            {
                return port;
            }
        }
    }

    private void Take(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
            arrived.Release();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int id, int signal);
}
