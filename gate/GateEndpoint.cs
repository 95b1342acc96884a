using System.Buffers;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Gate;

/// <summary>
/// The front-end for hosts: <c>POST /gate_receive</c> answers as the old gate did, after the cluster has accepted; every
/// other method or path is 404 with the text <c>Not Found</c>.
/// </summary>
/// <remarks>
/// What the cluster refuses is answered with the cluster's problem. The signature is checked here too, against the signer
/// that the incident itself names, so that noise stops at the edge.
/// </remarks>
internal sealed class GateEndpoint(BatchForwarder forwarder, LocalEscalation escalation, GateOptions options)
{
    public async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != "/gate_receive" || !HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync("Not Found");
            return;
        }

        byte[]? body;
        try
        {
            body = await ReadAsync(context);
        }
        catch (BadHttpRequestException fault)
        {
            await RefuseAsync(context, fault.StatusCode, new Refusal("bad-request", "", fault.Message));
            return;
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            return; // the host has gone
        }

        if (body is null)
        {
            await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, new Refusal("too-large", "", $"A request has at most {IncidentReader.MaxRequestBytes} bytes."));
            return;
        }

        var (report, refusal) = IncidentReader.Read(body);
        if (report is null)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, refusal!);
            return;
        }

        if (report.Signature is not null && WalletClaim.Of(report) is null && Admission.Prove(report, new AdmissionPolicy(AcceptUnsigned: false, options.ChainId)).Refused is { } refused)
        {
            await RefuseAsync(context, refused.Verdict == Verdict.Malformed ? StatusCodes.Status400BadRequest : StatusCodes.Status403Forbidden, refused.Refusal!);
            return;
        }

        await ForwardAsync(context, report, body);
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

    private async Task ForwardAsync(HttpContext context, IncidentReport report, byte[] body)
    {
        var forwarded = await forwarder.ForwardAsync(body);
        if (forwarded.Problem is null)
        {
            escalation.Consider(report);
            await TypedResults.Json(new GateAnswer("received", report.CapId), GateJson.Default.GateAnswer).ExecuteAsync(context);
            return;
        }

        context.Response.StatusCode = forwarded.Status;
        context.Response.ContentType = "application/problem+json";
        context.Response.Headers.RetryAfter = forwarded.RetryAfter;
        await context.Response.Body.WriteAsync(forwarded.Problem, context.RequestAborted);
    }

    private static Task RefuseAsync(HttpContext context, int status, Refusal refusal) =>
        GateProblems.Of(status, refusal.Type, refusal.Field, refusal.Rule).ExecuteAsync(context);
}
