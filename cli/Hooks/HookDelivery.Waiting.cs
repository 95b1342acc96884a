namespace CapOrleans.Cli.Hooks;

/// <summary>Sends queued reports without waiting for the next failure.</summary>
internal static partial class HookDelivery
{
    /// <summary>How long successful commands do not try again after the gate was unavailable.</summary>
    private static readonly TimeSpan UnavailableBackoff = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Sends what is queued, after a successful command, unless the gate was unavailable a moment ago.
    /// </summary>
    public static async Task DeliverWaitingAsync(CancellationToken cancellationToken)
    {
        try
        {
            var folder = CapEnvironment.Spool;
            if (Directory.Exists(folder) && HookSpool.Open(folder) is var spool && spool.Files().Count > 0
                && !spool.WasGateUnavailableSince(TimeProvider.System.GetUtcNow() - UnavailableBackoff))
            {
                Output.Note($"cap: {await SendInTurnAsync(spool, null, isUnlimited: false, cancellationToken)}");
            }
        }
        catch (CliFaultException fault)
        {
            Output.Warn(fault.Message); // it stays queued
        }
    }
}
