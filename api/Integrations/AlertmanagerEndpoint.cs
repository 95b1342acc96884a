using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Intake;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Integrations;
using CapOrleans.HttpEdge.Bodies;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Integrations;

/// <param name="Accepted">Alerts that are new incidents.</param>
/// <param name="Known">Firing alerts that were accepted before.</param>
/// <param name="Resolved">Alerts whose incident is resolved, or that were never accepted.</param>
internal sealed record AlertsAnswer(int Accepted, int Known, int Resolved);

/// <summary>A notification as Alertmanager sends it, in parts.</summary>
internal sealed record AlertsRequest(string Version, IReadOnlyList<AlertRequest> Alerts);

/// <param name="Fingerprint">Identifies the alert by its labels.</param>
internal sealed record AlertRequest(
    [property: AllowedValues("firing", "resolved")] string Status,
    IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Annotations, DateTimeOffset StartsAt,
    string Fingerprint);

/// <summary>Takes notifications of Prometheus Alertmanager's webhook.</summary>
internal static class AlertmanagerEndpoint
{
    private const string Bearer = "Bearer ";

    public static void MapAlertmanager(this IEndpointRouteBuilder app) => app.MapPost("/v1/in/alertmanager", ReceiveAsync)
        .Accepts<AlertsRequest>("application/json").Produces<AlertsAnswer>()
        .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(413).ProducesProblem(429)
        .ProducesProblem(503)
        .WithSummary("File and resolve unverified incidents, in the format of Alertmanager's webhook, version 4")
        .WithDescription("The bearer token is the key of an integration. Each alert is one incident from its startsAt until it is " +
            "resolved, however often it is sent. 200 when all of it is on disk; after any other answer it is safe to send all of it " +
            "again, as Alertmanager does after a 429 or 5xx.");

    private static async Task<IResult> ReceiveAsync(
        HttpContext context, AddressRateLimit limit, IntegrationKeys keys, ForeignIncidents incidents)
    {
        var authorization = context.Request.Headers.Authorization.ToString();
        var key = authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? authorization[Bearer.Length..].Trim() : "";
        if (await keys.FindAsync(key) is not { } integration)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return Problems.Of(StatusCodes.Status401Unauthorized, "integration-key", "Authorization",
                "Bearer, and the key of an integration: 'cap integration create' makes one.");
        }

        var (body, unreadable) = await BoundedBody.ReadAsync(context, BatchLines.MaxBytes);
        if (body is null || (unreadable = limit.ChargeBody(context, 1, body.Length)) is not null)
        {
            return unreadable!;
        }

        try
        {
            using var document = StrictJson.Parse(body);
            var (alerts, refusal) = AlertmanagerNotification.Read(document.RootElement, integration.Reference);
            return alerts is null
                ? Problems.Of(StatusCodes.Status400BadRequest, refusal!)
                : await AnswerAsync(context, integration, alerts, incidents);
        }
        catch (JsonException fault)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "not-json", "", $"A notification of Alertmanager. {fault.Message}");
        }
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context, Integration integration, IReadOnlyList<Alert> alerts, ForeignIncidents incidents)
    {
        var outcomes = await incidents.FileAsync(integration, [.. alerts.Select(alert => alert.Incident).OfType<ForeignIncident>()]);
        var resolved = alerts.Where(alert => alert.Incident is null).ToList();
        foreach (var alert in resolved)
        {
            if (await incidents.UpdateAsync(integration, alert.IncidentId, UpdateAction.Resolve) is { Refusal: { } refusal })
            {
                context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
                return Problems.Of(StatusCodes.Status503ServiceUnavailable, refusal);
            }
        }

        // A refused alert keeps no other from its end; one to send again comes before one that can never be accepted.
        Outcome.SetRetryAfter(context, outcomes);
        if (outcomes.Where(IsRefused).MaxBy(outcome => outcome.RetryAfter is not null) is { } refused)
        {
            return Problems.Of(refused.Status, refused.Refusal!);
        }

        var accepted = outcomes.Count(outcome => outcome.Status == StatusCodes.Status201Created);
        return TypedResults.Json(
            new AlertsAnswer(accepted, outcomes.Count - accepted, resolved.Count), IntegrationsJson.Default.AlertsAnswer);
    }

    /// <summary>An alert that is sent again differs at least in its time, so it conflicts with what was accepted.</summary>
    private static bool IsRefused(Outcome outcome) => outcome is { Receipt: null, Status: not StatusCodes.Status409Conflict };
}
