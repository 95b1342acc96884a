using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Escalation;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Core.Telemetry;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.AuditLog;
using CapOrleans.Grains.Placement;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.GrainDirectory;

namespace CapOrleans.Grains.Incidents;

/// <summary>
/// Rules on one incident: the signature is checked here, in parallel with other incidents; authority and score are
/// decided at the CapID, uniqueness in the log. Stateless, and deactivated when no call is in flight: the log's unique
/// key is its memory, and decides between two activations on two silos. Re-entrant, so that no call queues behind an
/// activation that is about to end.
/// </summary>
[Reentrant, PlacedWhereItArrives, GrainDirectory(NoDirectory.Name), GrainType(CapGrains.IncidentType)]
internal sealed partial class IncidentGrain(
    IAuditLogReader log, IDeliveryReader deliveries, IEscalationReader escalations, IncidentViews views, AdmissionPolicy policy,
    IContractWallets wallets, TimeProvider time, ILogger<IncidentGrain> logger) : Grain, IIncidentGrain
{
    /// <summary>
    /// Time after which a call starts no further check, since its caller waits for five seconds. 3 seconds.
    /// </summary>
    private static readonly TimeSpan LongestChecks = TimeSpan.FromSeconds(3);

    private static long lastLoggedAt;

    private int callsInFlight;
    private long calls;

    public async Task<Ruling> FileAsync(IncidentReport report)
    {
        using var span = CallTrace.Start(CapTelemetry.Source, "incident.file");
        CapTelemetry.TagIncident(report.CapId, report.IncidentId);
        return await AnswerAsync(() => RuleAsync(report));
    }

    public async Task<IReadOnlyList<SignatureCheck>> ProveAsync(IReadOnlyList<IncidentReport> reports)
    {
        using var span = CallTrace.Start(CapTelemetry.Source, "incident.prove");
        CapTelemetry.TagIncident(reports[0].CapId, reports[0].IncidentId);
        return await AnswerAsync(() => CheckAllAsync(reports));
    }

    public Task<IncidentView?> ReadAsync() => AnswerAsync(ViewAsync);

    private async Task<T> AnswerAsync<T>(Func<Task<T>> answer)
    {
        (callsInFlight, calls) = (callsInFlight + 1, calls + 1);
        try
        {
            return await answer();
        }
        finally
        {
            if (--callsInFlight == 0)
            {
                _ = DeactivateWhenIdleAsync(calls);
            }
        }
    }

    /// <summary>
    /// Deactivates after the queued calls had their turn: otherwise many concurrent calls about one incident would be
    /// passed on from activation to activation, with one answered by each.
    /// </summary>
    private async Task DeactivateWhenIdleAsync(long last)
    {
        await Task.Yield();
        if (calls == last)
        {
            DeactivateOnIdle();
        }
    }

    private async Task<Ruling> RuleAsync(IncidentReport report)
    {
        var check = await CheckAsync(report);
        return check.Refused ?? (await GrainFactory.Cap(report.CapId).AcceptAsync([check.Proven!]))[0];
    }

    /// <summary>
    /// Checks the reports one at a time, and identical ones once: their sender has a single turn for all of them. A
    /// report is not checked if it follows one that must be sent again, since it has to wait anyway, or if the caller
    /// no longer waits for it.
    /// </summary>
    private async Task<IReadOnlyList<SignatureCheck>> CheckAllAsync(IReadOnlyList<IncidentReport> reports)
    {
        var (checks, known) = (new List<SignatureCheck>(reports.Count), new Dictionary<string, SignatureCheck>(StringComparer.Ordinal));
        var started = time.GetTimestamp();
        foreach (var report in reports)
        {
            if (!known.TryGetValue(report.Request, out var check))
            {
                var mustWait = checks is [.., { Refused.IsRetryable: true }] || time.GetElapsedTime(started) >= LongestChecks;
                known[report.Request] = check = mustWait ? new SignatureCheck(null, Ruling.AfterAnother) : await CheckAsync(report);
            }

            checks.Add(check);
        }

        return checks;
    }

    private async Task<SignatureCheck> CheckAsync(IncidentReport report)
    {
        var (proof, refused) = Admission.Prove(report, policy);
        if (refused is not null && WalletClaim.Of(report) is { } claim
            && await GrainFactory.Cap(report.CapId).StandingAsync(report, $"{claim.Wallet}") is { IsKnown: true } standing)
        {
            (proof, refused) = standing.Ruling is { } known ? (null, known) : await AskWalletAsync(claim, report);
        }

        return new SignatureCheck(proof is null ? null : new ProvenReport(report, proof.Scheme, proof.Signer, proof.WalletBlock), refused);
    }

    private async Task<(Proof? Proof, Ruling? Refused)> AskWalletAsync(WalletClaim claim, IncidentReport report)
    {
        if (claim.IsUndeployed)
        {
            return (null, Ruling.Refuse(Verdict.Malformed, "signature-form", "signature", "The contract wallet " +
                $"{claim.Wallet} must be deployed on chain {policy.ChainId}: signatures of undeployed wallets " +
                    "(ERC-6492) are not accepted."));
        }

        try
        {
            return await wallets.FindBlockAsync(claim, Admission.SignedHash(report, policy.ChainId), CallerContext.Address, CancellationToken.None) is { } block
                ? (new Proof(report.Scheme, $"{claim.Wallet}", block), null)
                : (null, Ruling.Refuse(Verdict.Unauthorised, "signature-mismatch", "signature", "The contract wallet " +
                    $"{claim.Wallet} on chain {policy.ChainId} must accept the signature (EIP-1271)."));
        }
        catch (ChainUnavailableException fault)
        {
            Report(report.CapId, fault.Message); // the sender must not learn where the node is
            return (null, Ruling.Refuse(Verdict.Busy, "wallet-not-asked", "signature", "The contract wallet must " +
                "verify this signature, but the chain cannot be reached now; retry the same " +
                    "request.") with { RetryAfter = fault.RetryAfter });
        }
    }

    private async Task<IncidentView?> ViewAsync()
    {
        var (capId, incidentId) = Key();
        return await log.FindIncidentAsync(capId, incidentId, CancellationToken.None) is { } entry
            ? await views.OfAsync(entry, CancellationToken.None)
            : null;
    }

    private (string CapId, string IncidentId) Key()
    {
        var key = this.GetPrimaryKeyString();
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return (key[..slash], key[(slash + 1)..]);
    }

    /// <summary>Logs at most once a second: while the node is unavailable, every such report ends here.</summary>
    private void Report(string capId, string why)
    {
        var last = Volatile.Read(ref lastLoggedAt);
        if ((last == 0 || time.GetElapsedTime(last) >= TimeSpan.FromSeconds(1)) && Interlocked.CompareExchange(ref lastLoggedAt, time.GetTimestamp(), last) == last)
        {
            LogNotAsked(capId, why);
        }
    }

    [LoggerMessage(240, LogLevel.Warning, "Could not ask a contract wallet of {CapId} to verify a signature: {Why}")]
    private partial void LogNotAsked(string capId, string why);
}
