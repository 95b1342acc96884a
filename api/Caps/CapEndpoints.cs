using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Reads;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Limits;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Api.Caps;

/// <summary>Endpoints for CapIDs: keys, policy, score and changes of them.</summary>
internal static class CapEndpoints
{
    public static void MapCaps(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/caps", ListAsync).RequireAuthorization(OperatorAccess.Reader)
            .AddEndpointFilter(app.ServiceProvider.GetRequiredService<ReadSlots>())
            .Produces<CapPage>().ProducesProblem(400).ProducesProblem(503).WithSummary("All CapIDs, in order")
            .WithDescription("Query: after (a CapID: next of the previous page), limit (1 to 500). A page also ends at 4 MiB: continue " +
                "while next is present.");
        app.MapGet("/v1/caps/{capId}", ReadAsync).RequireAuthorization(OperatorAccess.Reader)
            .Produces<CapView>().ProducesProblem(404).WithSummary("A CapID: context, score, count");
        app.MapGet("/v1/caps/{capId}/history", HistoryAsync).RequireAuthorization(OperatorAccess.Reader)
            .AddEndpointFilter(app.ServiceProvider.GetRequiredService<ReadSlots>())
            .Produces<ScorePage>().ProducesProblem(400).ProducesProblem(404).WithSummary("All steps of a score; over " +
                "all pages, their sum is the score")
            .WithDescription("Query: after (index in the CapID's log, -1 for the beginning), limit (1 to 500).");
        app.MapPut("/v1/caps/{capId}", DefineAsync).RequireAuthorization(OperatorAccess.Admin)
            .Accepts<CapDefinition>("application/json").Produces<CapView>().Produces<CapView>(201).ProducesProblem(400).ProducesProblem(401).ProducesProblem(409)
            .WithSummary("Register a CapID, or change its context")
            .WithDescription("Keys of the CapID that are not listed are revoked; omitted numbers stay as they are.");
        app.MapPost("/v1/caps/{capId}/changes", ChangeAsync).RequireAuthorization(OperatorAccess.DecidedByEndpoint)
            .Accepts<ChangeBody>("application/json").Produces<CapView>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409)
            .WithSummary("Add a key, revoke a key, or change the policy of a CapID")
            .WithDescription("Signed by an admin key of the CapID (personal_sign over 'CapOrleans change|origin|capId|afterVersion|timestamp|SHA-256 of the change in RFC 8785'), or by an API key of scope admin.");
        app.MapPost("/v1/caps/{capId}/corrections", CorrectAsync).RequireAuthorization(OperatorAccess.Admin)
            .Accepts<Correction>("application/json").Produces<CapView>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(404)
            .WithSummary("Correct an incident's dCap")
            .WithDescription("The incident's entry stays; a new entry refers to it and adjusts the score. Repeating a " +
                "correction changes nothing.");
    }

    private static async Task<IResult> ReadAsync(string capId, IGrainFactory grains) =>
        Identifiers.IsId(capId) && await grains.Cap(capId).ReadAsync() is { } view ? TypedResults.Json(view, CapsJson.Default.CapView) : Unknown();

    private static async Task<IResult> ListAsync([AsParameters] CapListQuery described, HttpRequest request, IGrainFactory grains)
    {
        var query = new QueryReader(request.Query, CapListQuery.Names);
        var after = query.Text("after", Identifiers.IsId, Identifiers.Rule) ?? "";
        var limit = (int)query.Number("limit", 100, 1, 500);
        return query.Fault ?? TypedResults.Json(
            await grains.GetGrain<ILogReaderGrain>(0).CapsAsync(after, limit, request.HttpContext.RequestAborted),
                CapsJson.Default.CapPage);
    }

    private static async Task<IResult> HistoryAsync(string capId, [AsParameters] HistoryQuery described, HttpRequest request, IGrainFactory grains)
    {
        var query = new QueryReader(request.Query, HistoryQuery.Names);
        var after = query.Number("after", -1, -1, Core.AuditLog.PackedPosition.MaxIndex);
        var limit = (int)query.Number("limit", 100, 1, 500);
        return query.Fault
            ?? (Identifiers.IsId(capId) && await grains.GetGrain<ILogReaderGrain>(0).ScoreAsync(capId, after, limit, request.HttpContext.RequestAborted) is { } page
                ? TypedResults.Json(page, CapsJson.Default.ScorePage)
                : Unknown());
    }

    private static async Task<IResult> DefineAsync(string capId, HttpContext context, IGrainFactory grains)
    {
        var (definition, _, refused) = await JsonBody.ReadAsync(context, CapsJson.Default.CapDefinition, "a CapID definition");
        return NameFault(capId) ?? refused ?? Answer(await grains.Cap(capId).DefineAsync(definition!, context.User.ToActor()), context);
    }

    private static async Task<IResult> ChangeAsync(string capId, HttpContext context, AddressRateLimit limit,
        SignedChangeLimiter turns, IGrainFactory grains)
    {
        var (body, bytes, refused) = await JsonBody.ReadAsync(context, CapsJson.Default.ChangeBody, "a change of a CapID");
        if (limit.ChargeBody(context, 1, bytes.Length) is { } tooMuch)
        {
            return tooMuch;
        }

        if ((NameFault(capId) ?? refused ?? (body!.Change is null ? Problems.Of(
            StatusCodes.Status400BadRequest, "invalid-field", "change", "an object with exactly one of addKey, revokeKey and policy") : null)) is { } fault)
        {
            return fault;
        }

        if (body!.Signature is null && !context.User.Has(OperatorScope.Admin))
        {
            await (context.User.Identity is { IsAuthenticated: true } ? context.ForbidAsync(OperatorAccess.Scheme) : context.ChallengeAsync(OperatorAccess.Scheme));
            return TypedResults.Empty;
        }

        using var document = JsonDocument.Parse(bytes);
        var hash = SHA256.HashData(Rfc8785.Canonicalize(document.RootElement.GetProperty("change")));
        var change = new ChangeRequest(
            body.Change!, body.AfterVersion, body.Timestamp, body.Signature, Convert.ToHexStringLower(hash), Encoding.UTF8.GetString(Rfc8785.Canonicalize(document.RootElement)));
        if (change.Signature is null)
        {
            return Answer(await grains.Cap(capId).ChangeAsync(change, context.User.ToActor()), context);
        }

        using var turn = await turns.EnterAsync(AddressRateLimit.AddressOf(context), context.RequestAborted);
        return Answer(await grains.Cap(capId).ChangeAsync(change, context.User.ToActor()), context);
    }

    private static async Task<IResult> CorrectAsync(string capId, HttpContext context, IGrainFactory grains)
    {
        var (correction, _, refused) = await JsonBody.ReadAsync(context, CapsJson.Default.Correction, "a correction");
        return NameFault(capId) ?? refused ?? Answer(await grains.Cap(capId).CorrectAsync(correction!, context.User.ToActor()), context);
    }

    private static IResult Answer(CapRuling ruling, HttpContext context)
    {
        if (ruling.Verdict is CapVerdict.Busy or CapVerdict.TooMany)
        {
            context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        }

        return Answer(ruling);
    }

    private static IResult Answer(CapRuling ruling) => ruling.Verdict switch
    {
        CapVerdict.Busy => Problems.Of(StatusCodes.Status503ServiceUnavailable, ruling.Refusal!),
        CapVerdict.TooMany => Problems.Of(StatusCodes.Status429TooManyRequests, ruling.Refusal!),
        CapVerdict.Registered => TypedResults.Json(ruling.Cap, CapsJson.Default.CapView, statusCode: StatusCodes.Status201Created),
        CapVerdict.Changed or CapVerdict.Unchanged => TypedResults.Json(ruling.Cap, CapsJson.Default.CapView),
        CapVerdict.Malformed => Problems.Of(StatusCodes.Status400BadRequest, ruling.Refusal!),
        CapVerdict.Unauthorised => Problems.Of(StatusCodes.Status403Forbidden, ruling.Refusal!),
        CapVerdict.Unknown => Problems.Of(StatusCodes.Status404NotFound, ruling.Refusal!),
        CapVerdict.Conflicts => Problems.Of(StatusCodes.Status409Conflict, ruling.Refusal!),
        _ => throw new InvalidOperationException($"{ruling.Verdict} is no answer."),
    };

    private static ProblemHttpResult? NameFault(string capId) =>
        Identifiers.IsId(capId) ? null : Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "capId", Identifiers.Rule);

    private static ProblemHttpResult Unknown() => Problems.Of(StatusCodes.Status404NotFound, "cap-unknown", "capId", "The CapID is not registered.");
}
