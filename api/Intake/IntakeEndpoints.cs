using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.HttpEdge.Bodies;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Intake;

/// <summary>
/// An incident as hosts sign and send it. Other members are stored but not read; under full-v2 they are refused.
/// </summary>
/// <param name="TaskId">
/// 1 to 128 of A-Z a-z 0-9 . _ : -; unique per CapID for ever. Also accepted as incident_id.
/// </param>
/// <param name="CapId">The CapID responsible; same alphabet.</param>
/// <param name="Agent">The reporting agent; 1 to 256 printable characters.</param>
/// <param name="Timestamp">ISO 8601 in UTC; signed as text.</param>
/// <param name="Signature">
/// 0x and 130 hex digits, or what a contract wallet accepts. docs/protocol.md defines what is signed.
/// </param>
/// <param name="Signer">Address of the signer.</param>
/// <param name="Severity">
/// normal, high, escalated or critical, in any case; other words where the CapID's policy has freeSeverity.
/// </param>
/// <param name="Description">At most 8 KiB.</param>
/// <param name="Feedback">F_E, from 0 to 1.</param>
/// <param name="Misuse">M_E, from 0 to 1.</param>
/// <param name="CapPotential">The sender's claim; stored, never used.</param>
/// <param name="Scheme">Default identity-v1.</param>
/// <param name="Evidence">A CID; full-v2 only.</param>
/// <param name="Ipfs">For the legacy record on the chain.</param>
internal sealed record IncidentRequest(
    [property: JsonPropertyName("task_id")] string TaskId,
    [property: JsonPropertyName("cap_id")] string CapId,
    string Agent,
    string Timestamp,
    string Signature,
    string? Signer = null,
    string? Severity = null,
    string? Description = null,
    [property: JsonPropertyName("f_e")] decimal? Feedback = null,
    [property: JsonPropertyName("m_e")] decimal? Misuse = null,
    [property: JsonPropertyName("cap_potential")] decimal? CapPotential = null,
    [property: AllowedValues("identity-v1", "full-v2")] string? Scheme = null,
    string? Evidence = null,
    string? Ipfs = null);

/// <summary>
/// The intake endpoints, current and legacy. All share one path; the legacy one takes any severity and answers in its
/// own form.
/// </summary>
internal static class IntakeEndpoints
{
    public static void MapIntake(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/incidents", FileAsync)
            .Accepts<IncidentRequest>("application/json")
            .Produces<AcceptedAnswer>(StatusCodes.Status201Created)
            .Produces<AcceptedAnswer>()
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413)
            .ProducesProblem(415).ProducesProblem(429).ProducesProblem(503)
            .WithSummary("File a signed incident")
            .WithDescription("201 when it is new, 200 when the same content was accepted before; both mean that it is on disk. "
                + "warning reports possible mistakes, such as unknown members.");
        app.MapPost("/v1/incidents:batch", BatchEndpoint.AnswerAsync)
            .Accepts<IncidentRequest>(BatchLines.ContentType)
            .Produces<LineVerdict>(StatusCodes.Status200OK, BatchLines.ContentType)
            .ProducesProblem(400).ProducesProblem(413).ProducesProblem(415).ProducesProblem(429)
            .WithSummary("File up to 500 signed incidents, one JSON object per line, at most 1 MiB")
            .WithDescription("Answers one verdict per line, in the order sent, with the status that /v1/incidents would have given. Retry-After is set when any line is 429 or 503: send those again.");
        app.MapPost("/incident", FileLegacyAsync)
            .Accepts<IncidentRequest>("application/json", "*/*").Produces<ReceivedAnswer>()
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(429).ProducesProblem(503)
            .WithSummary("File an incident, as the legacy clients do")
            .WithDescription("Answers {\"status\":\"received\",\"hash\":...}; refusals are the same as those of /v1/incidents, but "
                + "any word is accepted as severity, with a warning, and misspelt members are ignored.");
        app.MapPost("/notify", NotifyAsync)
            .Accepts<IncidentRequest>("application/json", "*/*").Produces<NotifiedAnswer>()
            .ProducesProblem(408).ProducesProblem(413).ProducesProblem(429).ProducesProblem(503)
            .WithSummary("File an incident and have it delivered, as the legacy clients do")
            .WithDescription("status is notified, failed (response and code say why), or invalid (reason says why): Missing signature or " +
                "signer, Signature does not match. notified means that it is on disk; webhooks get it as they get any other incident.");
    }

    /// <summary>
    /// The legacy <c>incident_notify</c>: what is accepted is delivered to the webhooks that want it, and retried there.
    /// </summary>
    private static async Task<IResult> NotifyAsync(HttpContext context, Intake intake, AddressRateLimit limit)
    {
        var (body, unreadable) = await BoundedBody.ReadAsync(context, IncidentReader.MaxRequestBytes);
        if (body is null || (unreadable = limit.ChargeBody(context, 1, body.Length)) is not null)
        {
            return unreadable!;
        }

        if (IncidentReader.Read(body).Report is { Signature: null or "" } or { SignerClaimed: null or "" })
        {
            return Answer(new NotifiedAnswer("invalid", Reason: "Missing signature or signer"));
        }

        var outcome = await intake.RuleAsync(body, isLegacy: true, Caller.Of(context), context.RequestAborted);
        Outcome.SetRetryAfter(context, [outcome]);
        return outcome switch
        {
            { Receipt: not null } => Answer(new NotifiedAnswer("notified", "received", outcome.Status)),
            { Refusal.Type: "signature-mismatch" } => Answer(new NotifiedAnswer("invalid", Reason: "Signature does not match")),
            { RetryAfter: not null } => Problems.Of(outcome.Status, outcome.Refusal!),
            _ => Answer(new NotifiedAnswer("failed", outcome.Refusal!.Rule, outcome.Status)),
        };

        static IResult Answer(NotifiedAnswer answer) => TypedResults.Json(answer, ReceivedJson.Default.NotifiedAnswer);
    }

    private static async Task<IResult> FileAsync(HttpContext context, Intake intake, AddressRateLimit limit)
    {
        var (outcome, refused) = await RuleAsync(context, isLegacy: false, intake, limit);
        if (outcome is null)
        {
            return refused!;
        }

        if (outcome is { Status: StatusCodes.Status201Created, Receipt: { } receipt })
        {
            context.Response.Headers.Location = $"/v1/incidents/{Uri.EscapeDataString(receipt.CapId)}/{Uri.EscapeDataString(receipt.IncidentId)}";
        }

        return TypedResults.Json(AcceptedAnswer.Of(outcome.Receipt!, outcome.Warning), IntakeJson.Default.AcceptedAnswer,
            statusCode: outcome.Status);
    }

    private static async Task<IResult> FileLegacyAsync(HttpContext context, Intake intake, AddressRateLimit limit)
    {
        var (outcome, refused) = await RuleAsync(context, isLegacy: true, intake, limit);
        return outcome is null
            ? refused!
            : TypedResults.Json(new ReceivedAnswer("received", outcome.Receipt!.AuditHash, outcome.Warning),
                ReceivedJson.Default.ReceivedAnswer);
    }

    /// <returns>The outcome of an accepted incident, or the response to send instead.</returns>
    private static async Task<(Outcome? Accepted, IResult? Refused)> RuleAsync(
        HttpContext context, bool isLegacy, Intake intake, AddressRateLimit limit)
    {
        var (body, unreadable) = await BoundedBody.ReadAsync(context, IncidentReader.MaxRequestBytes);
        if (body is null)
        {
            return (null, unreadable);
        }

        if (limit.ChargeBody(context, 1, body.Length) is { } tooMuch)
        {
            return (null, tooMuch);
        }

        var outcome = await intake.RuleAsync(body, isLegacy, Caller.Of(context), context.RequestAborted);
        if (outcome.Refusal is null)
        {
            return (outcome, null);
        }

        Outcome.SetRetryAfter(context, [outcome]);
        return (null, Problems.Of(outcome.Status, outcome.Refusal));
    }
}
