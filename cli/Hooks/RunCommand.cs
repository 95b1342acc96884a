using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace CapOrleans.Cli.Hooks;

/// <summary>A command that was run to its end, with its output passed through.</summary>
/// <param name="ErrorTail">The end of what it wrote to standard error.</param>
internal sealed record RunCommand(int ExitCode, string ErrorTail, DateTimeOffset EndedAt)
{
    /// <summary>Of standard error, in characters.</summary>
    private const int TailLength = 4096;

    /// <exception cref="CliFaultException">There is no such command.</exception>
    public static async Task<RunCommand> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardError = true, UseShellExecute = false };
        using var process = Start(start, command[0]);
        var tail = new StringBuilder();
        var buffer = new char[1024];
        for (int read; (read = await process.StandardError.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            await Console.Error.WriteAsync(buffer, 0, read);
            tail.Append(buffer, 0, read);
            if (tail.Length > 2 * TailLength)
            {
                tail.Remove(0, tail.Length - TailLength);
            }
        }

        await process.WaitForExitAsync(cancellationToken);
        return new RunCommand(process.ExitCode, tail.Length <= TailLength ? tail.ToString() : tail.ToString(tail.Length - TailLength, TailLength), TimeProvider.System.GetUtcNow());
    }

    private static Process Start(ProcessStartInfo start, string name)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{name} cannot be run: {fault.Message}");
        }
    }
}
