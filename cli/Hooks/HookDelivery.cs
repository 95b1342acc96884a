namespace CapOrleans.Cli.Hooks;

/// <summary>Sends to the gate what earlier hooks could not, then what is new; what no gate takes is kept.</summary>
internal static class HookDelivery
{
    /// <param name="incident">Signed; null to send only what waits.</param>
    /// <returns><see cref="ExitCodes.Done"/>, or <see cref="ExitCodes.Spooled"/> when something waits.</returns>
    /// <exception cref="CliFaultException">Refused, or neither sent nor kept.</exception>
    public static async Task<int> DeliverAsync(byte[]? incident, CancellationToken cancellationToken)
    {
        HookSpool? spool = null;
        string? file = null;
        try
        {
            // Kept before it is sent: whatever ends this process, the next hook goes on.
            spool = await HookSpool.OpenAsync(CapEnvironment.Spool, cancellationToken);
            file = incident is null ? null : spool.Keep(IncidentFile.Check(incident), incident);
        }
        catch (CliFaultException fault) when (incident is not null && fault.ExitCode != ExitCodes.Misconfigured)
        {
            // A full disk may be what is to be told: then it goes out unkept.
            Answer.Warn(fault.Message);
            using (spool)
            {
                await GateCall.SendAsync(null, incident, cancellationToken);
                return ExitCodes.Done;
            }
        }

        using (spool)
        {
            return await SendAllAsync(spool, file, cancellationToken);
        }
    }

    private static async Task<int> SendAllAsync(HookSpool spool, string? file, CancellationToken cancellationToken)
    {
        foreach (var waiting in spool.Files())
        {
            try
            {
                await GateCall.SendAsync(null, await File.ReadAllBytesAsync(waiting, cancellationToken), cancellationToken);
                File.Delete(waiting);
            }
            catch (CliFaultException fault) when (fault.ExitCode == ExitCodes.Refused)
            {
                HookSpool.PutAside(waiting, fault.Message);
                if (waiting == file)
                {
                    throw new CliFaultException(ExitCodes.Refused, $"{fault.Message} It lies at {waiting}.refused");
                }

                Answer.Warn($"{fault.Message} It lies at {waiting}.refused");
            }
            catch (CliFaultException fault) when (fault.ExitCode == ExitCodes.Unreachable)
            {
                // In order: what comes later waits behind it.
                Answer.Warn($"{fault.Message} {spool.Files().Count} wait in {CapEnvironment.Spool}; the next hook, or 'cap hook flush', sends them.");
                return ExitCodes.Spooled;
            }
        }

        return ExitCodes.Done;
    }
}
