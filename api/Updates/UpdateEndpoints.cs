using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Caps;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Limits;
using Microsoft.AspNetCore.Authentication;

namespace CapOrleans.Api.Updates;

/// <summary>
/// Endpoints for what happens to an incident after its acceptance: acknowledge, resolve, reopen and respond.
/// </summary>
internal static class UpdateEndpoints
{
    public static void MapUpdates(this IEndpointRouteBuilder app)
    {
        Map(app, "acknowledge", UpdateAction.Acknowledge, "Acknowledge an incident: someone is working on it");
        Map(app, "resolve", UpdateAction.Resolve, "Resolve an incident; its own reporter may do this too");
        Map(app, "reopen", UpdateAction.Reopen, "Reopen an incident");
        Map(app, "response", UpdateAction.Respond, "Respond to an incident: the note is kept with it and does not change its state");
    }

    private static void Map(IEndpointRouteBuilder app, string path, UpdateAction action, string summary) =>
        app.MapPost($"/v1/incidents/{{capId}}/{{incidentId}}/{path}",
                (string capId, string incidentId, HttpContext context, AddressRateLimit limit, SignedChangeLimiter turns,
                    IGrainFactory grains) =>
                    UpdateAsync(capId, incidentId, action, context, limit, turns, grains))
            .RequireAuthorization(OperatorAccess.DecidedByEndpoint).Accepts<UpdateBody>("application/json").Produces<IncidentView>()
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(
                429).ProducesProblem(503)
            .WithSummary(summary)
            .WithDescription("By an API key of scope operate, or signed by a key of the CapID with the role responder: " +
                "personal_sign over " +
                "'CapOrleans update|log origin|capId|incidentId|acknowledge, resolve, reopen or respond|timestamp|SHA-256 of the note'. " +
                "Repeating an update is answered with 200 and logged once.");

    private static async Task<IResult> UpdateAsync(
        string capId, string incidentId, UpdateAction action, HttpContext context, AddressRateLimit limit, SignedChangeLimiter turns,
            IGrainFactory grains)
    {
        var (body, bytes, refused) = await JsonBody.ReadAsync(context, UpdatesJson.Default.UpdateBody, "an update of an incident");
        if ((limit.ChargeBody(context, 1, bytes.Length) ?? refused) is { } fault)
        {
            return fault;
        }

        if (!Identifiers.IsId(capId) || !Identifiers.IsId(incidentId))
        {
            return Problems.Of(StatusCodes.Status404NotFound, "incident-unknown", "incidentId",
                "No incident was accepted under this CapID and id.");
        }

        var request = new UpdateRequest(action, body!.Note, body.Timestamp, body.Signature);
        var incident = grains.Incident(capId, incidentId);
        if (body.Signature is null)
        {
            if (!context.User.Has(OperatorScope.Operate))
            {
                if (context.User.Identity is { IsAuthenticated: true })
                {
                    return Problems.Of(StatusCodes.Status403Forbidden, "scope", "Authorization",
                        "This call needs scope operate, or a signature.");
                }

                await context.ChallengeAsync(OperatorAccess.Scheme);
                return TypedResults.Empty;
            }

            return Answer(context, await incident.UpdateAsync(request, context.User.ToActor()));
        }

        using var turn = await turns.EnterAsync(AddressRateLimit.AddressOf(context), context.RequestAborted);
        return Answer(context, await incident.UpdateAsync(request, Actor.Anonymous));
    }

    private static IResult Answer(HttpContext context, UpdateRuling ruling)
    {
        if (ruling.Verdict is CapVerdict.Busy or CapVerdict.TooMany)
        {
            context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        }

        return ruling.Verdict switch
        {
            CapVerdict.Changed or CapVerdict.Unchanged => TypedResults.Json(ruling.Incident, UpdatesJson.Default.IncidentView),
            CapVerdict.Malformed => Problems.Of(StatusCodes.Status400BadRequest, ruling.Refusal!),
            CapVerdict.Unauthorised => Problems.Of(StatusCodes.Status403Forbidden, ruling.Refusal!),
            CapVerdict.Unknown => Problems.Of(StatusCodes.Status404NotFound, ruling.Refusal!),
            CapVerdict.Conflicts => Problems.Of(StatusCodes.Status409Conflict, ruling.Refusal!),
            CapVerdict.TooMany => Problems.Of(StatusCodes.Status429TooManyRequests, ruling.Refusal!),
            CapVerdict.Busy => Problems.Of(StatusCodes.Status503ServiceUnavailable, ruling.Refusal!),
            _ => throw new InvalidOperationException($"{ruling.Verdict} is no answer."),
        };
    }
}
