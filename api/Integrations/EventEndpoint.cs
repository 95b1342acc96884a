using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Intake;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Integrations;
using CapOrleans.HttpEdge.Bodies;
using CapOrleans.HttpEdge.Limits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Api.Integrations;

/// <param name="Status"><c>success</c>, or why the event was not processed.</param>
/// <param name="Errors">Of an invalid event, what is wrong with it; omitted otherwise.</param>
/// <param name="DedupKey">Of a processed event; omitted otherwise.</param>
internal sealed record EventAnswer(
    string Status, string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Errors = null,
    [property: JsonPropertyName("dedup_key"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? DedupKey = null);

/// <summary>An event as PagerDuty's clients send it.</summary>
/// <param name="RoutingKey">Key of an integration, 32 characters.</param>
/// <param name="EventAction">What to do.</param>
/// <param name="DedupKey">1 to 255 characters; required unless the action is <c>trigger</c>.</param>
/// <param name="Payload">Required if the action is <c>trigger</c>.</param>
internal sealed record EventRequest(
    [property: JsonPropertyName("routing_key")] string RoutingKey,
    [property: JsonPropertyName("event_action"),
        AllowedValues("trigger", "acknowledge", "resolve")] string EventAction,
    [property: JsonPropertyName("dedup_key")] string? DedupKey = null,
    EventPayload? Payload = null);

/// <param name="Summary">Becomes the description.</param>
/// <param name="Severity"><c>critical</c> and <c>error</c> become critical and high, the others normal.</param>
/// <param name="Source">Becomes the agent.</param>
internal sealed record EventPayload(
    string Summary,
    [property: AllowedValues("critical", "error", "warning", "info")] string Severity,
    string Source);

/// <summary>Takes events in the format of PagerDuty's Events API v2, with answers that its clients know.</summary>
internal static class EventEndpoint
{
    public static void MapEvents(this IEndpointRouteBuilder app) => app.MapPost("/v2/enqueue", AnswerAsync)
        .Accepts<EventRequest>("application/json").Produces<EventAnswer>(202).Produces<EventAnswer>(400).Produces<EventAnswer>(429)
        .ProducesProblem(413).ProducesProblem(503)
        .WithSummary("File, acknowledge or resolve an unverified incident, in the format of PagerDuty's Events API v2")
        .WithDescription("202 when the event is on disk. A trigger with the dedup_key of an unresolved incident joins its group, and " +
            "pages no one again. acknowledge and resolve apply to what this integration filed with the dedup_key; there may be nothing.");

    private static async Task<IResult> AnswerAsync(
        HttpContext context, AddressRateLimit limit, IntegrationKeys keys, ForeignIncidents incidents)
    {
        var (body, unreadable) = await BoundedBody.ReadAsync(context, IncidentReader.MaxRequestBytes);
        if (body is null || (unreadable = limit.ChargeBody(context, 1, body.Length)) is not null)
        {
            return unreadable!;
        }

        PagerDutyEvent? given;
        IReadOnlyList<string> errors;
        try
        {
            using var document = StrictJson.Parse(body);
            (given, errors) = PagerDutyEvent.Read(document.RootElement);
            return given is null ? Invalid(errors)
                : await keys.FindAsync(given.RoutingKey) is not { } integration
                    ? Invalid(["'routing_key' must be the key of an integration"])
                : given.Incident is { } incident ? await TriggerAsync(context, integration, incident, given, incidents)
                : await UpdateAsync(context, integration, given, incidents);
        }
        catch (JsonException fault)
        {
            return Invalid([$"The event must be JSON without duplicate members. {fault.Message}"]);
        }
    }

    private static async Task<IResult> TriggerAsync(
        HttpContext context, Integration integration, ForeignIncident incident, PagerDutyEvent given, ForeignIncidents incidents)
    {
        var outcome = (await incidents.FileAsync(integration, [incident]))[0];
        Outcome.SetRetryAfter(context, [outcome]);
        return outcome switch
        {
            { Receipt: not null } => Processed(given),
            { Status: StatusCodes.Status429TooManyRequests } => Throttled(outcome.Refusal!),
            { Status: StatusCodes.Status503ServiceUnavailable } => Problems.Of(outcome.Status, outcome.Refusal!),
            { Refusal: { } refusal } => Invalid([refusal.Field.Length == 0 ? refusal.Rule : $"'{refusal.Field}': {refusal.Rule}"]),
            _ => throw new InvalidOperationException("An outcome has a receipt or a refusal."),
        };
    }

    private static async Task<IResult> UpdateAsync(
        HttpContext context, Integration integration, PagerDutyEvent given, ForeignIncidents incidents)
    {
        var action = given.Action == EventAction.Acknowledge ? UpdateAction.Acknowledge : UpdateAction.Resolve;
        foreach (var incidentId in await incidents.FindAsync(integration, given.DedupKey))
        {
            if (await incidents.UpdateAsync(integration, incidentId, action) is { Refusal: { } refusal })
            {
                context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
                return Problems.Of(StatusCodes.Status503ServiceUnavailable, refusal);
            }
        }

        return Processed(given);
    }

    private static JsonHttpResult<EventAnswer> Processed(PagerDutyEvent given) => TypedResults.Json(
        new EventAnswer("success", "Event processed", DedupKey: given.DedupKey), IntegrationsJson.Default.EventAnswer,
        statusCode: StatusCodes.Status202Accepted);

    private static JsonHttpResult<EventAnswer> Invalid(IReadOnlyList<string> errors) => TypedResults.Json(
        new EventAnswer("invalid event", "Event object is invalid", errors), IntegrationsJson.Default.EventAnswer,
        statusCode: StatusCodes.Status400BadRequest);

    private static JsonHttpResult<EventAnswer> Throttled(Refusal refusal) => TypedResults.Json(
        new EventAnswer("throttle exceeded", refusal.Rule), IntegrationsJson.Default.EventAnswer,
        statusCode: StatusCodes.Status429TooManyRequests);
}
