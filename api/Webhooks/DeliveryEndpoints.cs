using System.Buffers.Text;
using System.Globalization;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Reads;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace CapOrleans.Api.Webhooks;

/// <summary>Query of a webhook's deliveries, for the OpenAPI description.</summary>
internal sealed record DeliveryListQuery(
    [FromQuery(Name = "state")] string? State, [FromQuery(Name = "cursor")] string? Cursor, [FromQuery(Name = "limit")] string? Limit)
{
    public static readonly string[] Names = ["state", "cursor", "limit"];
}

/// <summary>Endpoints that list deliveries and request redelivery.</summary>
internal static class DeliveryEndpoints
{
    public const int MaxLimit = 100;

    private static readonly string[] States = ["waiting", "delivered", "exhausted"]; // in the order of DeliveryState

    public static void MapDeliveries(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/webhooks/{id}/deliveries", ListAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces<DeliveryListAnswer>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404)
            .WithSummary("List a webhook's deliveries, each attempt with the receiver's response, most recently changed first")
            .WithDescription("Query: state (waiting, delivered or exhausted), limit (1 to 100), cursor (next of the " +
                "previous page). Settled deliveries "
                + "are listed for 30 days.");
        app.MapPost("/v1/webhooks/{id}/redeliver", AnswerRedeliveryAsync).RequireAuthorization(OperatorAccess.Operator)
            .Accepts<RedeliveryRequest>("application/json").Produces<RedeliveryView>(202)
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409)
            .WithSummary("Deliver an incident again, or everything in a range of a log that the webhook receives")
            .WithDescription("Either capId and incidentId, or log, from and to (at most 1,000 entries). Earlier outcomes are " +
                "ignored.");
        app.MapGet("/.well-known/jwks.json", async (IGrainFactory grains) => TypedResults.Json(
                KeySet(await grains.GetGrain<IWebhooksGrain>(0).PublicKeyAsync()), WebhooksJson.Default.JsonWebKeySet))
            .Produces<JsonWebKeySet>()
            .WithSummary("The public key that verifies the v1a signature of a delivery");
    }

    private static async Task<IResult> ListAsync(
        string id, [AsParameters] DeliveryListQuery described, HttpRequest request, IGrainFactory grains)
    {
        var query = new QueryReader(request.Query, DeliveryListQuery.Names);
        var state = query.Text("state", States.Contains, $"one of {string.Join(", ", States)}");
        var cursor = query.Text("cursor", text => Cursor(text) is not null, "next of the previous page");
        var limit = (int)query.Number("limit", 50, 1, MaxLimit);
        if (query.Fault is { } fault)
        {
            return fault;
        }

        if (await grains.GetGrain<IWebhooksGrain>(0).FindAsync(id) is null)
        {
            return WebhookEndpoints.Unknown();
        }

        var page = await grains.GetGrain<ILogReaderGrain>(0).DeliveriesAsync(
            new DeliveryQuery(id, state is null ? null : (DeliveryState)Array.IndexOf(States, state), cursor is null ? null : Cursor(
                cursor), limit),
            request.HttpContext.RequestAborted);
        return TypedResults.Json(
            new DeliveryListAnswer([.. page.Deliveries.Select(row => View(row, page.Origins[row.Log]))], page.Next is { } next
                ? string.Create(CultureInfo.InvariantCulture, $"{next.ChangedAtMilliseconds}-{next.Log}-{next.Index}") : null),
            WebhooksJson.Default.DeliveryListAnswer);
    }

    private static async Task<IResult> AnswerRedeliveryAsync(string id, HttpContext context, IGrainFactory grains)
    {
        var (request, _, refused) = await JsonBody.ReadAsync(context, WebhooksJson.Default.RedeliveryRequest,
            "a redelivery request");
        if (request is null)
        {
            return refused!;
        }

        var webhooks = grains.GetGrain<IWebhooksGrain>(0);
        if (await webhooks.FindAsync(id) is not { } found)
        {
            return WebhookEndpoints.Unknown();
        }

        if (found.DisabledAt is not null)
        {
            return Problems.Of(StatusCodes.Status409Conflict, "webhook-disabled", "id",
                "Enable the webhook first: POST /v1/webhooks/{id}/enable.");
        }

        var by = context.User.ToActor();
        return request switch
        {
            { CapId: { } cap, IncidentId: { } incident, Log: null, From: null, To: null } =>
                Identifiers.IsId(cap) && Identifiers.IsId(incident) && await webhooks.RedeliverAsync(id, cap, incident, by) is { } count
                    ? Answer(count)
                : Problems.Of(StatusCodes.Status404NotFound, "incident-unknown", "incidentId", $"{cap} has no incident {incident}."),
            { CapId: null, IncidentId: null, Log: { } log, From: { } from, To: { } to } => await RedeliverAsync(id, log, from, to, by,
                grains),
            _ => Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "", "either capId and incidentId, or log, from and to"),
        };
    }

    private static async Task<IResult> RedeliverAsync(string id, int log, long from, long to, Actor by, IGrainFactory grains) =>
        from < 0 || to <= from || to - from > ClusterLimits.RedeliveredEntries
            ? Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "to",
                $"greater than from, which is 0 or more, by at most {ClusterLimits.RedeliveredEntries}")
        : log < 0 || log >= await grains.GetGrain<ILogReaderGrain>(0).CountAsync()
            ? Problems.Of(StatusCodes.Status404NotFound, "log-unknown", "log", "No log has this number; see /health/ready.")
        : await grains.Notifier(id, log).RedeliverAsync(from, to, by) is { } count ? Answer(count)
        : WebhookEndpoints.Unknown();

    private static JsonHttpResult<RedeliveryView> Answer(int deliveries) =>
        TypedResults.Json(new RedeliveryView(deliveries), WebhooksJson.Default.RedeliveryView, statusCode: StatusCodes.Status202Accepted);

    private static DeliveryView View(DeliveryRow row, string origin) => new(
        string.Create(CultureInfo.InvariantCulture, $"{origin}/{row.Index}"), row.Log, row.Index, row.CapId, row.IncidentId,
            Severity.Ladder[row.SeverityRank], States[(int)row.State],
        row.ChangedAt, row.DueAt,
        [.. row.Attempts.Select(attempt => new DeliveryAttemptView(
            attempt.At, attempt.Milliseconds, attempt.Fault == DeliveryFault.None ? null : attempt.Fault.Text(), attempt.Code,
                attempt.Answer))]);

    private static DeliveryCursor? Cursor(string text) =>
        text.Split('-') is [var at, var log, var index]
        && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
        && int.TryParse(log, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && long.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
            ? new DeliveryCursor(milliseconds, number, place) : null;

    private static JsonWebKeySet KeySet(WebhookPublicKey key) =>
        new([new JsonWebKey("OKP", "Ed25519", Base64Url.EncodeToString(key.Bytes), key.Id, "sig", "EdDSA")]);
}
