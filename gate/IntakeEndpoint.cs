using System.Buffers;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Sealing;
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
    /// <summary>For a whole body to arrive.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>As the old gate answers.</summary>
    public async Task AnswerOldAsync(HttpContext context)
    {
        if (await TakeAsync(context) is { } report)
        {
            var answer = SealedIntake.IsSealed(context.Request) ? new GateAnswer("received", null) : new GateAnswer("received", report.CapId);
            await TypedResults.Json(answer, GateJson.Default.GateAnswer).ExecuteAsync(context);
        }
    }

    public async Task AnswerAsync(HttpContext context)
    {
        if (await TakeAsync(context) is { } report)
        {
            var answer = SealedIntake.IsSealed(context.Request) ? new ReceivedAnswer("received", null, null) : new ReceivedAnswer("received", report.CapId, report.IncidentId);
            await TypedResults.Json(answer, GateJson.Default.ReceivedAnswer, statusCode: StatusCodes.Status202Accepted).ExecuteAsync(context);
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
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            return await RefuseAsync(context, StatusCodes.Status408RequestTimeout, new Refusal("body-late", "", $"A body has {Patience.TotalSeconds:0} seconds."));
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            return null; // the host has gone
        }

        if (body is not null && SealedIntake.IsSealed(context.Request) && !SealedIntake.TryOpen(options, body, out body))
        {
            return await RefuseAsync(context, StatusCodes.Status400BadRequest, new Refusal("sealed-body", "", "The body does not open: it was changed, or sealed to another key than that of /v1/gate/sealing-key (CAP_GATE_KEY)."));
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

        var standing = await JudgeAsync(report);
        return standing.Refused is { } refused
            ? await RefuseAsync(context, StatusOf(refused.Verdict), refused.Refusal!)
            : await KeepAsync(context, report, body, standing);
    }

    /// <summary>What can be told here.</summary>
    private async Task<Standing> JudgeAsync(IncidentReport report)
    {
        var (proof, refused) = Admission.Prove(report, options.Policy);
        var claim = proof is null ? WalletClaim.Of(report) : null;
        if (proof is null && claim is null)
        {
            return new Standing(refused, "", MayPage: false);
        }

        // What is proven keeps its CapID's order. What a wallet must be asked about is nobody's yet: it waits by itself.
        var queue = claim is null ? report.CapId : $"{report.CapId} {claim.Wallet}";
        var list = await keys.FindAsync(report.CapId, KeyLists.ForYes);
        var ruling = list is null ? null : Judge(list);
        if (ruling is not null && time.GetElapsedTime(list!.At) > KeyLists.ForNo)
        {
            // The key may have been added since. Who cannot be asked has not refused.
            list = await keys.FindAsync(report.CapId, KeyLists.ForNo);
            ruling = list is null ? null : Judge(list);
        }

        // People are called on the word of a key; of which, the last list says, however old. Without any, a valid signature must do.
        return new Standing(ruling, queue, proof is not null && (list ?? keys.Last(report.CapId)) is var known && (known is null || Judge(known) is null));

        Ruling? Judge(KeyList list) => proof is not null
            ? Admission.Judge(list.Context, report, proof, time.GetUtcNow())
            : list.Context?.Keys.Any(key => key.IsContract && key.Address == $"{claim!.Wallet}") == true ? null : refused;
    }

    private async Task<IncidentReport?> KeepAsync(HttpContext context, IncidentReport report, byte[] body, Standing standing)
    {
        ArrivalVerdict verdict;
        try
        {
            verdict = await spool.KeepAsync(new Arrival(standing.Queue, report.CapId, report.IncidentId, BatchLines.OneLine(body)));
        }
        catch (SqliteException)
        {
            verdict = ArrivalVerdict.Full;
        }

        if (verdict == ArrivalVerdict.Full)
        {
            context.Response.Headers.RetryAfter = "60";
            return await RefuseAsync(context, StatusCodes.Status507InsufficientStorage, new Refusal("spool-full", "", "The gate's disk takes no more; keep the incident and send it again."));
        }

        if (verdict == ArrivalVerdict.Kept && standing.MayPage)
        {
            escalation.Consider(report);
        }

        return report;
    }

    private async Task<byte[]?> ReadAsync(HttpContext context)
    {
        var most = IncidentReader.MaxRequestBytes + (SealedIntake.IsSealed(context.Request) ? SealedBody.OverheadBytes : 0);
        if (context.Request.ContentLength > most)
        {
            return null;
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.RequestAborted);
        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync(either.Token);
            if (read.Buffer.Length > most || read.IsCompleted)
            {
                var body = read.Buffer.Length > most ? null : read.Buffer.ToArray();
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
        // The answer to a sealed body is not sealed: what it says of a member would be what is inside.
        var (field, rule) = SealedIntake.IsSealed(context.Request) && refusal.Type is not ("sealed-body" or "too-large" or "spool-full" or "body-late")
            ? ("", "What is inside is refused; 'cap verify' and the CapID's keys say more.")
            : (refusal.Field, refusal.Rule);
        await GateProblems.Of(status, refusal.Type, field, rule).ExecuteAsync(context);
        return null;
    }

    /// <param name="Queue">What keeps its order, see <see cref="Arrival"/>.</param>
    /// <param name="MayPage">A key that may speak for the CapID signed it, as far as is known here.</param>
    private sealed record Standing(Ruling? Refused, string Queue, bool MayPage);
}
