using CapOrleans.Cli.Commands;

namespace CapOrleans.Cli.Hooks;

/// <summary>Sends to the gate what earlier hooks could not, then what is new; what no gate takes is kept.</summary>
internal static class HookDelivery
{
    /// <returns><see cref="ExitCodes.Done"/>, or <see cref="ExitCodes.Spooled"/> when something waits.</returns>
    /// <exception cref="CliFaultException">Refused, or neither sent nor kept.</exception>
    public static async Task<int> DeliverAsync(byte[]? incident, CancellationToken cancellationToken)
    {
        using var spool = await HookSpool.OpenAsync(CapEnvironment.Spool, cancellationToken);
        var file = incident is null ? null : spool.Keep(IncidentFile.Check(incident), incident);
        foreach (var waiting in spool.Files())
        {
            try
            {
                var bytes = await File.ReadAllBytesAsync(waiting, cancellationToken);
                using var request = new HttpRequestMessage(HttpMethod.Post, SendCommand.GateUrl(null)) { Content = CapClient.Json(bytes) };
                request.Headers.Add("X-Cap-VPN", "true");
                await CapClient.SendAsync(request, cancellationToken);
                File.Delete(waiting);
            }
            catch (CliFaultException fault) when (fault.ExitCode == ExitCodes.Refused)
            {
                HookSpool.PutAside(waiting, fault.Message);
                if (waiting == file)
                {
                    throw new CliFaultException(ExitCodes.Refused, $"{fault.Message} It lies at {waiting}.refused");
                }

                await Console.Error.WriteLineAsync($"cap: {fault.Message} It lies at {waiting}.refused");
            }
            catch (CliFaultException fault) when (fault.ExitCode == ExitCodes.Unreachable)
            {
                // In order: what comes later waits behind it.
                await Console.Error.WriteLineAsync($"cap: {fault.Message} {spool.Files().Count} wait in {CapEnvironment.Spool}; the next hook, or 'cap hook flush', sends them.");
                return ExitCodes.Spooled;
            }
        }

        return ExitCodes.Done;
    }
}
