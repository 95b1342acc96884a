using System.Runtime.InteropServices;

namespace CapOrleans.Cli.Hooks;

/// <summary>What this process is sent is for the command: it decides what that means, and this process ends after it.</summary>
internal sealed class ForwardedSignals : IDisposable
{
    private const int HangUp = 1, Interrupt = 2, Quit = 3, User1 = 10, User2 = 12, Terminate = 15;

    private static readonly int[] All = [HangUp, Interrupt, Quit, User1, User2, Terminate];

    private readonly Lock gate = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private readonly List<int> early = [];
    private int pid;

    public ForwardedSignals() => registrations.AddRange(All.Where(signal => !CommandLine.IsIgnored(signal))
        .Select(signal => PosixSignalRegistration.Create((PosixSignal)signal, context =>
        {
            context.Cancel = true;
            Forward(signal);
        })));

    /// <summary>To whom they go; what came before the command was there follows.</summary>
    public void SendTo(int command)
    {
        lock (gate)
        {
            pid = command;
            early.ForEach(signal => Posix.Signal(pid, signal));
        }
    }

    /// <summary>From here on the command is not there any more.</summary>
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
            return; // from the terminal, and the command had it already
        }

        lock (gate)
        {
            if (pid == 0)
            {
                early.Add(signal);
            }
            else if (pid > 0)
            {
                Posix.Signal(pid, signal);
            }
        }
    }
}
