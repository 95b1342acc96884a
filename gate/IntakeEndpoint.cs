using CapOrleans.Contracts;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Sealing;
using CapOrleans.Core.Telemetry;
using CapOrleans.Gate.Answers;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;
using CapOrleans.Gate.Telemetry;
using CapOrleans.HttpEdge.Bodies;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Gate;

/// <summary>
/// Takes incidents from hosts. <c>received</c> means that the incident is on the gate's own disk; the cluster decides
/// later. The gate decides what it can: form, signature and, with the cluster's list of keys, authority.
/// </summary>
internal sealed class IntakeEndpoint(
    IncidentSpool spool, ArrivalJudge judge, LocalEscalation escalation, AddressRateLimit limit, GateOptions options)
{
    /// <summary>Refusals that reveal nothing about a body's content.</summary>
    private static readonly string[] ContentIndependentRefusals = ["sealed-body", "spool-full", "busy", "too-many-requests",
        "too-many-waiting"];

    /// <summary>The refusal that the cluster would give once the waiting incident is accepted.</summary>
    private static readonly Refusal ConflictsWithWaiting = CapRefusals.OtherContent.Refusal! with
    {
        Rule = "An incident id may be used once per CapID; an incident with the same signed fields but other content " +
            "is already waiting here.",
    };

    /// <summary>Answers in the legacy gate's format.</summary>
    public async Task AnswerLegacyAsync(HttpContext context)
    {
        if (await ReceiveAsync(context, isLegacy: true) is { } report)
        {
            var answer = SealedIntake.IsSealed(context.Request) ? new GateAnswer("received", null, null)
                : new GateAnswer("received", report.CapId, IncidentWarning.Of(report));
            await TypedResults.Json(answer, GateJson.Default.GateAnswer).ExecuteAsync(context);
        }
    }

    public async Task AnswerAsync(HttpContext context)
    {
        if (await ReceiveAsync(context, isLegacy: false) is { } report)
        {
            var answer = SealedIntake.IsSealed(context.Request) ? new ReceivedAnswer("received", null, null, null)
                : new ReceivedAnswer("received", report.CapId, report.IncidentId, IncidentWarning.Of(report));
            await TypedResults.Json(answer, GateJson.Default.ReceivedAnswer, statusCode: StatusCodes.Status202Accepted).ExecuteAsync(context);
        }
    }

    /// <returns>The report, which is on disk; null when the request was answered with a problem.</returns>
    private async Task<IncidentReport?> ReceiveAsync(HttpContext context, bool isLegacy)
    {
        var isSealed = SealedIntake.IsSealed(context.Request);
        var (body, unreadable) = await BoundedBody.ReadAsync(context, IncidentReader.MaxRequestBytes + (isSealed ? SealedBody.OverheadBytes : 0));
        if ((unreadable ?? limit.ChargeBody(context, incidents: 1, body!.Length)) is { } early)
        {
            GateMetrics.Received(ProblemTypes.NameOf(early.ProblemDetails.Type) ?? "");
            await early.ExecuteAsync(context); // reveals nothing about a body's content
            return null;
        }

        if (isSealed && !SealedIntake.TryOpen(options, body!, out body))
        {
            return await RefuseAsync(context, StatusCodes.Status400BadRequest, new Refusal("sealed-body", "", "The body cannot be decrypted: it was altered, or sealed to a key other than the one at /v1/gate/sealing-key (CAP_GATE_KEY)."));
        }

        var (report, refusal) = IncidentReader.Read(body);
        if (report is null)
        {
            return await RefuseAsync(context, StatusCodes.Status400BadRequest, refusal!);
        }

        report = isLegacy ? report with { TakesAnySeverity = true } : report;
        if (MisspeltMember.Of(report) is { } misspelt)
        {
            return await RefuseAsync(context, StatusCodes.Status400BadRequest, misspelt);
        }

        CapTelemetry.TagIncident(report.CapId, report.IncidentId);
        var address = AddressRateLimit.AddressOf(context);
        var standing = await judge.JudgeAsync(report, address);
        return standing.Refused is { } refused
            ? await RefuseAsync(context, StatusOf(refused.Verdict), refused.Refusal!)
            : await StoreAsync(context, report, standing, standing.ToArrival(report, BatchLines.OneLine(body!), options.Policy.ChainId) with { Source = $"{address}" });
    }

    private async Task<IncidentReport?> StoreAsync(HttpContext context, IncidentReport report, ArrivalRuling standing, Arrival arrival)
    {
        var verdict = await spool.KeepAsync(arrival);
        // A conflict pages as well: an altered copy that arrives first must not silence the original. So does an
        // incident that the disk does not take: the host may have no one else to notify. Each incident pages once.
        if (standing is { MayPage: true, Signer: { } signer } && verdict is not (ArrivalVerdict.Duplicate or ArrivalVerdict.QueueFull))
        {
            escalation.EscalateIfCritical(report, signer, standing.IsVouched ? null : AddressRateLimit.AddressOf(context));
        }

        if (verdict == ArrivalVerdict.Full)
        {
            context.Response.Headers.RetryAfter = "60";
            return await RefuseAsync(context, StatusCodes.Status507InsufficientStorage, new Refusal("spool-full", "", standing.IsVouched
                ? "The gate's spool is full; keep the incident and retry."
                : "The gate's spool has no space left for incidents that no list of keys vouches for; keep the incident and retry."));
        }

        if (verdict == ArrivalVerdict.QueueFull)
        {
            context.Response.Headers.RetryAfter = "10";
            return await RefuseAsync(context, StatusCodes.Status429TooManyRequests, new Refusal(
                "too-many-waiting", "",
                $"{SpoolLimits.MaxClaimsEach} incidents from this address are already waiting for contract wallets to " +
                    "be asked; retry later."));
        }

        if (verdict == ArrivalVerdict.Conflicts)
        {
            return await RefuseAsync(context, StatusCodes.Status409Conflict, ConflictsWithWaiting);
        }

        GateMetrics.Received(verdict == ArrivalVerdict.Kept ? "kept" : "duplicate");
        return report;
    }

    private static int StatusOf(Verdict verdict) => verdict switch
    {
        Verdict.Malformed => StatusCodes.Status400BadRequest,
        Verdict.CapUnknown => StatusCodes.Status404NotFound,
        Verdict.Busy => StatusCodes.Status503ServiceUnavailable,
        Verdict.TooMany => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status403Forbidden,
    };

    private static async Task<IncidentReport?> RefuseAsync(HttpContext context, int status, Refusal refusal)
    {
        GateMetrics.Received(refusal.Type);
        // The answer to a sealed body is not sealed: details about a member would reveal what is inside.
        var (field, rule) = SealedIntake.IsSealed(context.Request) && !ContentIndependentRefusals.Contains(refusal.Type)
            ? ("", "The sealed incident was refused; check it with 'cap verify' and against the CapID's keys.")
            : (refusal.Field, refusal.Rule);
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable
            && context.Response.Headers.RetryAfter.Count == 0)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        await GateProblems.Of(status, refusal.Type, field, rule).ExecuteAsync(context);
        return null;
    }
}
