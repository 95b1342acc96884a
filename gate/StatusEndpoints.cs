using System.Globalization;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Caps;
using CapOrleans.Gate.Answers;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Keys;
using CapOrleans.Gate.Presence;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Gate;

/// <summary>
/// Endpoints for operators: what waits, and the dead letters, which can be retried or deleted. They need the gate's
/// token; where reads on loopback are open, those need none.
/// </summary>
internal static class StatusEndpoints
{
    private const int PageSize = 100;

    public static void MapStatus(this WebApplication app, GateOptions options)
    {
        var status = app.MapGroup("/v1/gate").AddEndpointFilter(async (call, next) =>
            Refuse(call.HttpContext, options) is { } refused ? refused : await next(call));
        status.WithTags("Operations").ProducesProblem(401).ProducesProblem(403);
        status.MapGet("/status", (IncidentSpool spool, RecentCounts recent, ClusterLink cluster, KeyLists keys, Heartbeats heartbeats,
            Forwarder forwarder) =>
        {
            var (counts, error) = recent.Read();
            return TypedResults.Json(
                new GateStatus(
                    options.Identity.Name, $"{options.Identity.Key.Address}", counts, spool.Limits.MaxBytes, cluster.Api,
                    cluster.LastError, keys.LastError, heartbeats.LastError, forwarder.BackingOff(), error),
                GateStatusJson.Default.GateStatus);
        }).Produces<GateStatus>().WithSummary("Waiting incidents, and what prevents forwarding them");
        status.MapDead();
    }

    /// <returns>The problem to answer with; null for an operator.</returns>
    public static ProblemHttpResult? Refuse(HttpContext context,
        GateOptions options) => GateAccess.IsForbiddenPageRequest(context.Request, options)
        ? GateProblems.Of(
            StatusCodes.Status403Forbidden, "other-origin", "Origin",
                "A page of another site must not read this, and no browser page may change it.")
        : GateAccess.IsOperator(context.Request, options) ? null
        : GateProblems.Of(
            StatusCodes.Status401Unauthorized, "unauthenticated", "Authorization",
            "Send the gate's own token as a Bearer token; it is in DATA_DIR/gate-token on the gate.");

    private static void MapDead(this IEndpointRouteBuilder status)
    {
        status.MapGet("/dead", (HttpContext context, IncidentSpool spool) =>
        {
            if (!long.TryParse(context.Request.Query["before"].FirstOrDefault() ?? $"{long.MaxValue}", NumberStyles.None, CultureInfo.InvariantCulture, out var before))
            {
                return (IResult)GateProblems.Of(StatusCodes.Status400BadRequest, "invalid-field", "before", "the number of a dead letter");
            }

            var items = spool.Dead(before, PageSize);
            return TypedResults.Json(new DeadPage(items, items.Count < PageSize ? null : items[^1].Number), GateStatusJson.Default.DeadPage);
        }).Produces<DeadPage>().ProducesProblem(400).WithSummary("Dead letters, newest first")
            .WithDescription($"Query: before, the number of a dead letter (next of the previous page). {PageSize} per page.");
        status.MapPost("/dead/{number:long}/retry", async (long number, IncidentSpool spool) => await spool.RetryAsync(number) switch
        {
            RetryVerdict.Queued => (IResult)TypedResults.NoContent(),
            RetryVerdict.Conflicts => GateProblems.Of(
                StatusCodes.Status409Conflict, CapRefusals.OtherContent.Refusal!.Type, "number",
                "The same incident is already waiting with other content; retry this one once the cluster has decided on it."),
            _ => NoSuchLetter(number),
        }).Produces(204).ProducesProblem(404).ProducesProblem(409).WithSummary("Retry a dead letter");
        status.MapDelete("/dead/{number:long}", async (long number, IncidentSpool spool) =>
            await spool.DiscardAsync(number) ? (IResult)TypedResults.NoContent() : NoSuchLetter(number))
            .Produces(204).ProducesProblem(404).WithSummary("Delete a dead letter permanently");
    }

    private static ProblemHttpResult NoSuchLetter(long number) => GateProblems.Of(
        StatusCodes.Status404NotFound, "no-such-letter", "number", $"No dead letter has the number {number}; see /v1/gate/dead.");
}
