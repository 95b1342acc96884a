using System.Runtime.InteropServices;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// Forwards this process's signals to the command, which decides what they mean; this process ends after the command.
/// </summary>
internal sealed class ForwardedSignals : IDisposable
{
    private const int HangUp = 1, Interrupt = 2, Quit = 3, User1 = 10, User2 = 12, Terminate = 15;

    private static readonly int[] All = [HangUp, Interrupt, Quit, User1, User2, Terminate];

    private readonly Lock gate = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private readonly List<int> pending = [];
    private int pid;

    public ForwardedSignals() => registrations.AddRange(All.Where(signal => !CommandLine.IsIgnored(signal))
        .Select(signal => PosixSignalRegistration.Create((PosixSignal)signal, context =>
        {
            context.Cancel = true;
            Forward(signal);
        })));

    /// <summary>Starts forwarding to the command, first the signals that arrived before it was started.</summary>
    public void SendTo(int command)
    {
        lock (gate)
        {
            pid = command;
            pending.ForEach(signal => Posix.Signal(pid, signal));
        }
    }

    /// <summary>Stops forwarding, because the command has ended.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            pid = -1;
        }

        registrations.ForEach(registration => registration.Dispose());
    }

    private void Forward(int signal)
    {
        if (signal is Interrupt or Quit && Posix.IsForeground())
        {
            return; // from the terminal, which sent it to the command as well
        }

        lock (gate)
        {
            if (pid == 0)
            {
                pending.Add(signal);
            }
            else if (pid > 0)
            {
                Posix.Signal(pid, signal);
            }
        }
    }
}
