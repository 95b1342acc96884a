using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace CapOrleans.Cli.Hooks;

/// <summary>A command that was run to its end, with its output passed through.</summary>
/// <param name="ErrorTail">The end of what it wrote to standard error, with secrets masked.</param>
internal sealed record RunCommand(int ExitCode, string ErrorTail, DateTimeOffset EndedAt)
{
    /// <summary>Of standard error, in characters.</summary>
    private const int TailLength = 4096;

    /// <summary>More of it is held, so that a secret before the tail, or across its beginning, is seen as one. In characters.</summary>
    private const int BufferLength = 4 * TailLength;

    /// <summary>What a shell ends with when there is no such command.</summary>
    private const int NotFound = 127;

    public static async Task<RunCommand> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true, UseShellExecute = false };
        using var process = Start(start, out var fault);
        if (process is null)
        {
            await Console.Error.WriteLineAsync(fault);
            return new RunCommand(NotFound, $"{fault}\n", TimeProvider.System.GetUtcNow());
        }

        var tail = new StringBuilder();
        var buffer = new char[1024];
        for (int read; (read = await process.StandardError.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            await Terminal.RawError.WriteAsync(buffer, 0, read);
            tail.Append(buffer, 0, read);
            if (tail.Length > 2 * BufferLength)
            {
                tail.Remove(0, tail.Length - BufferLength);
            }
        }

        await process.WaitForExitAsync(cancellationToken);
        var masked = SecretMask.Apply(tail.ToString());
        return new RunCommand(process.ExitCode, masked.Length <= TailLength ? masked : masked[^TailLength..], TimeProvider.System.GetUtcNow());
    }

    private static Process? Start(ProcessStartInfo start, out string fault)
    {
        try
        {
            fault = "";
            return Process.Start(start);
        }
        catch (Win32Exception why)
        {
            fault = $"{start.FileName} cannot be run: {why.Message}";
            return null;
        }
    }
}
