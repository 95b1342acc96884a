using System.Text.Json.Nodes;
using CapOrleans.Client;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Hooks;

/// <param name="Waiting">Number kept on this host.</param>
/// <param name="Refused">Number put aside.</param>
internal sealed record Delivered(int Sent, int Waiting, int Refused)
{
    public int ExitCode => Waiting > 0 ? ExitCodes.Spooled : Refused > 0 ? ExitCodes.Refused : ExitCodes.Done;

    public JsonNode ToJson() => new JsonObject { ["sent"] = Sent, ["waiting"] = Waiting, ["refused"] = Refused };

    public override string ToString() =>
        this is { Sent: 0, Waiting: 0, Refused: 0 } ? "nothing queued" : $"{Sent} sent{(Waiting > 0 ? $", {Waiting} kept" : "")}{(Refused > 0 ? $", {Refused} refused" : "")}";
}

/// <summary>
/// Sends to the gate what earlier hooks could not send, then what is new, and keeps what no gate accepts. One hook at a
/// time sends, for all of them: however many run concurrently, an unresponsive gate costs the time of one.
/// </summary>
internal static partial class HookDelivery
{
    /// <summary>
    /// Time limit for what one hook sends, or for waiting until another hook has sent it, since the host's own work
    /// must go on. 30 seconds.
    /// </summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Failed attempts tolerated in one run while the gate is available.</summary>
    private const int MaxFailures = 3;

    /// <summary>
    /// How long a report is retried that something between here and the gate refuses; it is put aside after that.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(7);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <param name="incident">Signed; null to send only what is queued.</param>
    /// <param name="isUnlimited">Whether there is no time limit.</param>
    /// <exception cref="CliFaultException">Refused, or neither sent nor kept.</exception>
    public static async Task<Delivered> DeliverAsync(byte[]? incident, bool isUnlimited, CancellationToken cancellationToken)
    {
        HookSpool spool;
        string? file = null;
        try
        {
            // Kept before it is sent: whatever ends this process, the next hook continues.
            spool = HookSpool.Open(CapEnvironment.Spool);
            file = incident is null ? null : await spool.KeepAsync(IncidentFile.Check(incident), incident, cancellationToken);
        }
        catch (CliFaultException fault) when (incident is not null && fault.ExitCode != ExitCodes.Misconfigured)
        {
            // The failure to report may be a full disk: in that case, send without keeping.
            Output.Warn(fault.Message);
            await Servers.SendToGateAsync(null, incident, cancellationToken);
            return new Delivered(1, 0, 0);
        }

        return await SendInTurnAsync(spool, file, isUnlimited, cancellationToken);
    }

    /// <summary>Signs again what was refused and put aside, then sends it with everything that is queued.</summary>
    public static async Task<Delivered> DeliverRefusedAsync(PrivateKey key, string? capId, CancellationToken cancellationToken)
    {
        var spool = HookSpool.Open(CapEnvironment.Spool);
        await spool.RequeueRefusedAsync(key, capId, cancellationToken);
        return await SendInTurnAsync(spool, null, isUnlimited: true, cancellationToken);
    }

    /// <summary>Sends, or waits until another hook has sent it.</summary>
    private static async Task<Delivered> SendInTurnAsync(HookSpool spool, string? file, bool isUnlimited, CancellationToken cancellationToken)
    {
        var (started, since) = (TimeProvider.System.GetTimestamp(), TimeProvider.System.GetUtcNow());
        while (true)
        {
            if (!isUnlimited && (spool.WasGateUnavailableSince(since) || TimeProvider.System.GetElapsedTime(started) > Limit))
            {
                return new Delivered(0, spool.Files().Count, 0);
            }

            using (var turn = spool.TryLockSending())
            {
                if (turn is not null)
                {
                    return await SendAllAsync(spool, file, isUnlimited ? null : started, cancellationToken);
                }
            }

            if (file is not null && !File.Exists(file))
            {
                return File.Exists($"{file}.refused")
                    ? throw new CliFaultException(
                        ExitCodes.Refused, $"Refused; see {file}.why. It is kept at {file}.refused; once that is " +
                            "fixed: cap hook flush --refused")
                    : new Delivered(1, 0, 0);
            }

            await Task.Delay(PollInterval, TimeProvider.System, cancellationToken);
        }
    }

    private static Task<Delivered> SendAllAsync(HookSpool spool, string? file, long? started, CancellationToken cancellationToken) =>
        Output.ShowAsync("sending", async report =>
        {
            var (sent, refused, last, failed) = (0, 0, "", new HashSet<string>(StringComparer.Ordinal));
            while (spool.Files() is { Count: > 0 } files && !failed.Contains(files[0]))
            {
                var waiting = files[0];
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                if (started is { } since)
                {
                    var left = Limit - TimeProvider.System.GetElapsedTime(since);
                    limit.CancelAfter(left <= TimeSpan.Zero ? TimeSpan.Zero : files.Count > 1 ? left / 2 : left);
                }

                try
                {
                    await Servers.SendToGateAsync(null, await ReadAsync(waiting, cancellationToken), limit.Token);
                    HookSpool.Remove(waiting);
                    sent++;
                }
                catch (CliFaultException fault) when (fault.ExitCode == ExitCodes.Refused)
                {
                    HookSpool.PutAside(waiting, fault.Message);
                    var where = $"{fault.Message} It is kept at {waiting}.refused; once that is fixed: cap hook flush --refused";
                    if (waiting == file)
                    {
                        throw new CliFaultException(ExitCodes.Refused, where);
                    }

                    Output.Warn(where);
                    refused++;
                }
                catch (CliFaultException fault) when (fault.ExitCode == ExitCodes.Misconfigured)
                {
                    return StopWithRest(spool, sent, refused, fault.Message); // a setting: once it is fixed, all of them are sent
                }
                catch (Exception fault) when (fault is CliFaultException
                    || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
                {
                    var why = fault is CliFaultException ? fault.Message : $"The gate took longer than {Limit.TotalSeconds:0} seconds.";
                    if (files.Count == 1 || fault.InnerException is ProblemException || failed.Count == MaxFailures
                        || !await Servers.IsGateThereAsync(
                        cancellationToken))
                    {
                        return StopWithRest(spool, sent, refused, why);
                    }

                    // Something in between refuses this report or breaks it off; the others are not affected.
                    failed.Add(waiting);
                    last = why;
                    refused += Defer(waiting, why) ? 0 : 1;
                }

                report((double)(sent + refused) / (sent + refused + files.Count - 1));
            }

            return failed.Count == 0
                ? new Delivered(sent, 0, refused)
                : StopWithRest(spool, sent, refused, $"Something between here and the gate refuses what is left: {last}");
        });

    /// <returns>False when it was retried for long enough, and was put aside.</returns>
    private static bool Defer(string file, string why)
    {
        if (TimeProvider.System.GetUtcNow() - File.GetLastWriteTimeUtc(file) > LongestWait)
        {
            HookSpool.PutAside(file, $"Not accepted for {LongestWait.TotalDays:0} days: {why}");
            return false;
        }

        HookSpool.MarkTried(file);
        return true;
    }

    /// <summary>Leaves the rest queued, in order.</summary>
    private static Delivered StopWithRest(HookSpool spool, int sent, int refused, string why)
    {
        spool.MarkGateUnavailable();
        var left = spool.Files().Count;
        Output.Warn($"{why} {left} are queued in {CapEnvironment.Spool}; the next hook, or 'cap hook flush', sends them.");
        return new Delivered(sent, left, refused);
    }

    /// <exception cref="CliFaultException">
    /// It is not an incident, and is treated as refused so that it blocks nothing.
    /// </exception>
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
            throw new CliFaultException(ExitCodes.Refused, $"It is not an incident: {fault.Message}");
        }
    }
}
