using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Anchors;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Operations;

/// <summary>Endpoint that restarts a log's anchors, for admins.</summary>
internal static class AnchorEndpoints
{
    public static void MapAnchors(this IEndpointRouteBuilder app) => app.MapPost("/v1/logs/{log:int}/anchors/restart", RestartAsync)
        .RequireAuthorization(OperatorAccess.Admin)
        .Produces<AnchorRestart>().ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503)
        .WithSummary("Anchor a log under a new log key, after it was restored from an older copy")
        .WithDescription("Only while the contract contradicts the log (anchor.conflict). Entries recorded as anchored " +
            "stay so; later ones are anchored under the new key.");

    private static async Task<IResult> RestartAsync(int log, HttpContext context, IGrainFactory grains)
    {
        if (log < 0 || log >= await grains.GetGrain<ILogReaderGrain>(0).CountAsync())
        {
            return Problems.Of(StatusCodes.Status404NotFound, "log-unknown", "log", "No log has this number; see /health/ready.");
        }

        return await grains.GetGrain<IAnchorerGrain>(log).RestartAsync(context.User.ToActor()) is { } restarted
            ? TypedResults.Json(restarted, OperationsJson.Default.AnchorRestart)
            : Problems.Of(StatusCodes.Status409Conflict, "no-anchor-conflict", "log", "The contract does not " +
                "contradict this log: its key was not changed.");
    }
}
