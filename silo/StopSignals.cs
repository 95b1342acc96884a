using System.Runtime.InteropServices;

namespace CapOrleans.Silo;

/// <summary>
/// Turns SIGTERM, SIGQUIT and Ctrl-C into a request to stop; the process ends only when its parts have stopped.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] registrations;

    public StopSignals() =>
        registrations = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGINT }
            .Select(signal => PosixSignalRegistration.Create(signal, Ask))];

    /// <summary>Completes when a stop is requested.</summary>
    public Task StopRequested => asked.Task;

    public void Dispose() => Array.ForEach(registrations, registration => registration.Dispose());

    private void Ask(PosixSignalContext signal)
    {
        signal.Cancel = true; // keeps the process from ending immediately
        asked.TrySetResult();
    }
}
