using System.Text.Json.Nodes;

namespace CapOrleans.Cli.Hooks;

/// <param name="Waiting">Kept on this host.</param>
/// <param name="Refused">Put aside.</param>
internal sealed record Delivered(int Sent, int Waiting, int Refused)
{
    public int ExitCode => Waiting > 0 ? ExitCodes.Spooled : Refused > 0 ? ExitCodes.Refused : ExitCodes.Done;

    public JsonNode ToJson() => new JsonObject { ["sent"] = Sent, ["waiting"] = Waiting, ["refused"] = Refused };

    public override string ToString() =>
        this is { Sent: 0, Waiting: 0, Refused: 0 } ? "nothing queued" : $"{Sent} sent{(Waiting > 0 ? $", {Waiting} kept" : "")}{(Refused > 0 ? $", {Refused} refused" : "")}";
}

/// <summary>Sends to the gate what earlier hooks could not, then what is new; what no gate takes is kept.</summary>
internal static class HookDelivery
{
    /// <param name="incident">Signed; null to send only what waits.</param>
    /// <exception cref="CliFaultException">Refused, or neither sent nor kept.</exception>
    public static async Task<Delivered> DeliverAsync(byte[]? incident, CancellationToken cancellationToken)
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
            // A full disk may be what is to be reported: then it goes out without being kept.
            Answer.Warn(fault.Message);
            using (spool)
            {
                await Servers.SendToGateAsync(null, incident, cancellationToken);
                return new Delivered(1, 0, 0);
            }
        }

        using (spool)
        {
            return await SendAllAsync(spool, file, cancellationToken);
        }
    }

    /// <summary>Sends what waits, and before it what was refused and put aside.</summary>
    public static async Task<Delivered> DeliverRefusedAsync(CancellationToken cancellationToken)
    {
        using var spool = await HookSpool.OpenAsync(CapEnvironment.Spool, cancellationToken);
        spool.BringBack();
        return await SendAllAsync(spool, null, cancellationToken);
    }

    private static Task<Delivered> SendAllAsync(HookSpool spool, string? file, CancellationToken cancellationToken)
    {
        var files = spool.Files();
        return Answer.ShowAsync("sending", async report =>
        {
            var (sent, refused) = (0, 0);
            foreach (var waiting in files)
            {
                try
                {
                    await Servers.SendToGateAsync(null, await ReadAsync(waiting, cancellationToken), cancellationToken);
                    File.Delete(waiting);
                    sent++;
                }
                catch (CliFaultException fault) when (fault.ExitCode == ExitCodes.Refused)
                {
                    HookSpool.PutAside(waiting, fault.Message);
                    var where = $"{fault.Message} It lies at {waiting}.refused; when that is mended: cap hook flush --refused";
                    if (waiting == file)
                    {
                        throw new CliFaultException(ExitCodes.Refused, where);
                    }

                    Answer.Warn(where);
                    refused++;
                }
                catch (CliFaultException fault) when (fault.ExitCode == ExitCodes.Unreachable)
                {
                    // In order: what comes later waits behind it.
                    var left = files.Count - sent - refused;
                    Answer.Warn($"{fault.Message} {left} wait in {CapEnvironment.Spool}; the next hook, or 'cap hook flush', sends them.");
                    return new Delivered(sent, left, refused);
                }

                report((double)(sent + refused) / files.Count);
            }

            return new Delivered(sent, 0, refused);
        });
    }

    /// <exception cref="CliFaultException">It is no incident: as if it had been refused, so that it holds up nothing.</exception>
    private static async Task<byte[]> ReadAsync(string file, CancellationToken cancellationToken)
    {
        var incident = await File.ReadAllBytesAsync(file, cancellationToken);
        try
        {
            IncidentFile.Check(incident);
            return incident;
        }
        catch (CliFaultException fault)
        {
            throw new CliFaultException(ExitCodes.Refused, $"It is no incident: {fault.Message}");
        }
    }
}
