using System.Buffers;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate.Keys;
using CapOrleans.Gate.Spool;
using Microsoft.Data.Sqlite;

namespace CapOrleans.Gate;

/// <summary>
/// Takes incidents from hosts. <c>received</c> means that it is on the gate's own disk; what the cluster decides comes later. What can be
/// told here is told here: form, signature, and with the cluster's list of keys also authority.
/// </summary>
internal sealed class IntakeEndpoint(IncidentSpool spool, KeyLists keys, LocalEscalation escalation, GateOptions options, TimeProvider time)
{
    /// <summary>As the old gate answers.</summary>
    public async Task AnswerOldAsync(HttpContext context)
    {
        if (await TakeAsync(context) is { } report)
        {
            await TypedResults.Json(new GateAnswer("received", report.CapId), GateJson.Default.GateAnswer).ExecuteAsync(context);
        }
    }

    public async Task AnswerAsync(HttpContext context)
    {
        if (await TakeAsync(context) is { } report)
        {
            await TypedResults.Json(new ReceivedAnswer("received", report.CapId, report.IncidentId), GateJson.Default.ReceivedAnswer, statusCode: StatusCodes.Status202Accepted).ExecuteAsync(context);
        }
    }

    /// <returns>What is on disk now; null when the request was answered with a problem.</returns>
    private async Task<IncidentReport?> TakeAsync(HttpContext context)
    {
        byte[]? body;
        try
        {
            body = await ReadAsync(context);
        }
        catch (BadHttpRequestException fault)
        {
            return await RefuseAsync(context, fault.StatusCode, new Refusal("bad-request", "", fault.Message));
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            return null; // the host has gone
        }

        if (body is null)
        {
            return await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, new Refusal("too-large", "", $"A request has at most {IncidentReader.MaxRequestBytes} bytes."));
        }

        var (report, refusal) = IncidentReader.Read(body);
        if (report is null)
        {
            return await RefuseAsync(context, StatusCodes.Status400BadRequest, refusal!);
        }

        return await JudgeAsync(report) is { } refused
            ? await RefuseAsync(context, StatusOf(refused.Verdict), refused.Refusal!)
            : await KeepAsync(context, report, body);
    }

    /// <returns>Null when nothing stands against the report that can be told here.</returns>
    private async Task<Ruling?> JudgeAsync(IncidentReport report)
    {
        var (proof, refused) = Admission.Prove(report, options.Policy);
        if (proof is null && WalletClaim.Of(report) is null)
        {
            return refused;
        }

        if (await keys.FindAsync(report.CapId) is not { } list)
        {
            return null;
        }

        return proof is not null
            ? Admission.Judge(list.Context, report, proof, time.GetUtcNow())
            : list.Context?.Keys.Any(key => key.IsContract && key.Address == $"{WalletClaim.Of(report)!.Wallet}") == true ? null : refused;
    }

    private async Task<IncidentReport?> KeepAsync(HttpContext context, IncidentReport report, byte[] body)
    {
        ArrivalVerdict verdict;
        try
        {
            verdict = await spool.KeepAsync(new Arrival(report.CapId, report.IncidentId, Admission.ContentHash(report, report.Signature is null or "" ? Admission.Unverified : report.Scheme, options.Policy.ChainId), BatchLines.OneLine(body)));
        }
        catch (SqliteException)
        {
            verdict = ArrivalVerdict.Full;
        }

        switch (verdict)
        {
            case ArrivalVerdict.Kept:
                escalation.Consider(report);
                return report;
            case ArrivalVerdict.KeptBefore:
                return report;
            case ArrivalVerdict.Conflicts:
                return await RefuseAsync(context, StatusCodes.Status409Conflict, new Refusal("conflict", "task_id", "An incident id is used once per CapID; other content waits under it."));
            default:
                context.Response.Headers.RetryAfter = "60";
                return await RefuseAsync(context, StatusCodes.Status507InsufficientStorage, new Refusal("spool-full", "", "The gate's disk takes no more; keep the incident and send it again."));
        }
    }

    private static async Task<byte[]?> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > IncidentReader.MaxRequestBytes)
        {
            return null;
        }

        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > IncidentReader.MaxRequestBytes || read.IsCompleted)
            {
                var body = read.Buffer.Length > IncidentReader.MaxRequestBytes ? null : read.Buffer.ToArray();
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            context.Request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static int StatusOf(Verdict verdict) => verdict switch
    {
        Verdict.Malformed => StatusCodes.Status400BadRequest,
        Verdict.CapUnknown => StatusCodes.Status404NotFound,
        _ => StatusCodes.Status403Forbidden,
    };

    private static async Task<IncidentReport?> RefuseAsync(HttpContext context, int status, Refusal refusal)
    {
        await GateProblems.Of(status, refusal.Type, refusal.Field, refusal.Rule).ExecuteAsync(context);
        return null;
    }
}
