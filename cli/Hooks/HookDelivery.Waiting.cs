namespace CapOrleans.Cli.Hooks;

/// <summary>What waits does not wait for the next failure.</summary>
internal static partial class HookDelivery
{
    /// <summary>For so long no command that did well looks whether a gate is there again.</summary>
    private static readonly TimeSpan AwayTime = TimeSpan.FromMinutes(1);

    /// <summary>Behind a command that did well: sends what waits, unless the gate was away a moment ago.</summary>
    public static async Task DeliverWaitingAsync(CancellationToken cancellationToken)
    {
        try
        {
            var folder = CapEnvironment.Spool;
            if (Directory.Exists(folder) && HookSpool.Open(folder) is var spool && spool.Files().Count > 0
                && !spool.WasAwaySince(TimeProvider.System.GetUtcNow() - AwayTime))
            {
                Answer.Note($"cap: {await SendInTurnAsync(spool, null, isUnlimited: false, cancellationToken)}");
            }
        }
        catch (CliFaultException fault)
        {
            Answer.Warn(fault.Message); // it waits on
        }
    }
}
