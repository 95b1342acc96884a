using System.Text.Json.Serialization;
using CapOrleans.Api.Legacy;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Intake;

/// <summary>What an accepted incident is answered with.</summary>
/// <param name="Scheme">What the signature proved: <c>identity-v1</c> covers who, about what and when, nothing else.</param>
internal sealed record AcceptedAnswer(
    string IncidentId, string CapId, string Severity, string Scheme, decimal DeltaCap, string AuditHash, string Cid,
    DateTimeOffset AcceptedAt, LogPlace Log)
{
    public static AcceptedAnswer Of(Receipt receipt) => new(
        receipt.IncidentId, receipt.CapId, receipt.Severity, receipt.Scheme, receipt.DeltaCap, receipt.AuditHash, receipt.Cid,
        receipt.AcceptedAt, new LogPlace(receipt.Origin, receipt.Index, receipt.LeafHash));
}

/// <summary>For the description of the API: what hosts send. Unknown members are kept.</summary>
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
    string? Ipfs = null);

/// <summary>The two ways in: the new call and the old one. Both run the same path; they differ in their answers.</summary>
internal static partial class IntakeEndpoints
{
    public static void MapIntake(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/incidents", FileAsync)
            .RequireRateLimiting(IntakeRateLimit.Policy)
            .Accepts<IncidentRequest>("application/json")
            .Produces<AcceptedAnswer>(StatusCodes.Status201Created)
            .Produces<AcceptedAnswer>()
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413)
            .ProducesProblem(415).ProducesProblem(429).ProducesProblem(503)
            .WithSummary("File a signed incident")
            .WithDescription("201 when it is new, 200 when the same content was accepted before; both mean that it is on disk.");
        app.MapPost("/incident", FileOldAsync)
            .RequireRateLimiting(IntakeRateLimit.Policy)
            .Accepts<IncidentRequest>("application/json", "*/*").Produces<ReceivedAnswer>()
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(429).ProducesProblem(503)
            .WithSummary("File an incident, as the old clients do")
            .WithDescription("Answers {\"status\":\"received\",\"hash\":...}; refusals are the same as those of /v1/incidents.");
    }

    private static async Task<IResult> FileAsync(HttpContext context, IGrainFactory grains, ILogger<AcceptedAnswer> logger)
    {
        var (receipt, isNew, refused) = await RuleAsync(context, grains, logger);
        if (receipt is null)
        {
            return refused!;
        }

        var answer = AcceptedAnswer.Of(receipt);
        return isNew
            ? TypedResults.Json(answer, ApiJson.Default.AcceptedAnswer, statusCode: StatusCodes.Status201Created)
            : TypedResults.Json(answer, ApiJson.Default.AcceptedAnswer);
    }

    private static async Task<IResult> FileOldAsync(HttpContext context, IGrainFactory grains, ILogger<AcceptedAnswer> logger)
    {
        var (receipt, _, refused) = await RuleAsync(context, grains, logger);
        return receipt is null ? refused! : TypedResults.Json(new ReceivedAnswer("received", receipt.AuditHash), LegacyJson.Default.ReceivedAnswer);
    }

    private static async Task<(Receipt? Receipt, bool IsNew, IResult? Refused)> RuleAsync(
        HttpContext context, IGrainFactory grains, ILogger logger)
    {
        var (body, unreadable) = await BoundedBody.ReadAsync(context);
        if (body is null)
        {
            return (null, false, unreadable);
        }

        var (report, refusal) = IncidentReader.Read(body);
        if (report is null)
        {
            return (null, false, Problems.Of(StatusCodes.Status400BadRequest, refusal!));
        }

        try
        {
            var ruling = await grains.Incident(report.CapId, report.IncidentId).FileAsync(report);
            if (ruling.Receipt is not null)
            {
                return (ruling.Receipt, ruling.Verdict == Verdict.Accepted, null);
            }

            SetRetryAfter(context, ruling.Verdict == Verdict.Busy);
            return (null, false, Problems.Of(ruling));
        }
        catch (Exception fault)
        {
            // Whether it was accepted is unknown; to send the same again is safe and tells.
            LogFault(logger, fault, report.CapId, report.IncidentId);
            SetRetryAfter(context, true);
            return (null, false, Problems.Of(
                StatusCodes.Status503ServiceUnavailable, "unavailable", "", "The log cannot take incidents now; send the same again."));
        }
    }

    private static void SetRetryAfter(HttpContext context, bool again)
    {
        if (again)
        {
            context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        }
    }

    [LoggerMessage(300, LogLevel.Error, "Incident {CapId}/{IncidentId} was answered with 503")]
    private static partial void LogFault(ILogger logger, Exception fault, string capId, string incidentId);
}
