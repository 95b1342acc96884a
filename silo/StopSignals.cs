using System.Runtime.InteropServices;

namespace CapOrleans.Silo;

/// <summary>SIGTERM, SIGQUIT or Ctrl-C ask the process to stop; it ends when its parts have stopped, and not before.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] registrations;

    public StopSignals() =>
        registrations = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGINT }
            .Select(signal => PosixSignalRegistration.Create(signal, Ask))];

    /// <summary>Completes when somebody asks.</summary>
    public Task Asked => asked.Task;

    public void Dispose() => Array.ForEach(registrations, registration => registration.Dispose());

    private void Ask(PosixSignalContext signal)
    {
        signal.Cancel = true; // of ending at once
        asked.TrySetResult();
    }
}
