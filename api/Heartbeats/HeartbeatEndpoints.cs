using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Caps;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Heartbeats;

/// <summary>Endpoints for heartbeats of jobs and hosts: what is missed becomes an incident.</summary>
internal static class HeartbeatEndpoints
{
    public static void MapHeartbeats(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/caps/{capId}/heartbeats/{name}", SendAsync).RequireAuthorization(OperatorAccess.DecidedByEndpoint)
            .Accepts<HeartbeatRequest>("application/json").Produces<HeartbeatView>().Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413)
            .ProducesProblem(429).ProducesProblem(503)
            .WithSummary("Send a heartbeat; the first one of a name sets it up")
            .WithDescription("Signed by a reporter key of the CapID, which is the access control. When the next one is missed, or one " +
                "says failure, an unverified incident is filed; the next success resolves it. After end, none is expected: 204.");
        app.MapGet("/v1/caps/{capId}/heartbeats", ListAsync).RequireAuthorization(OperatorAccess.Reader)
            .Produces<HeartbeatView[]>().ProducesProblem(401).ProducesProblem(403).ProducesProblem(404)
            .WithSummary("List a CapID's heartbeats, by name");
        app.MapDelete("/v1/caps/{capId}/heartbeats/{name}", RemoveAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404)
            .WithSummary("Forget a heartbeat: none is expected until it is sent again");
    }

    private static async Task<IResult> SendAsync(
        string capId, string name, HttpContext context, AddressRateLimit limit, SignedChangeLimiter turns, IGrainFactory grains,
        TimeProvider time)
    {
        var (body, bytes, refused) = await JsonBody.ReadAsync(context, HeartbeatsJson.Default.HeartbeatRequest, "a heartbeat");
        if ((limit.ChargeBody(context, 1, bytes.Length) ?? refused) is { } fault)
        {
            return fault;
        }

        if (!Identifiers.IsId(capId))
        {
            return Problems.Of(StatusCodes.Status404NotFound, "cap-unknown", "capId", "The CapID is not registered.");
        }

        var (heartbeat, refusal) = HeartbeatRules.Read(capId, name, body!, time.GetUtcNow());
        if (heartbeat is null)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, refusal!);
        }

        using var turn = await turns.EnterAsync(AddressRateLimit.AddressOf(context), context.RequestAborted);
        var ruling = await grains.Cap(capId).BeatAsync(heartbeat);
        if (ruling.Verdict is HeartbeatVerdict.Busy or HeartbeatVerdict.TooMany)
        {
            context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        }

        return ruling.Verdict switch
        {
            HeartbeatVerdict.Recorded => ruling.Heartbeat is { } row
                ? TypedResults.Json(HeartbeatView.Of(row), HeartbeatsJson.Default.HeartbeatView) : TypedResults.NoContent(),
            HeartbeatVerdict.CapUnknown => Problems.Of(StatusCodes.Status404NotFound, ruling.Refusal!),
            HeartbeatVerdict.Unauthorised => Problems.Of(StatusCodes.Status403Forbidden, ruling.Refusal!),
            HeartbeatVerdict.Conflicts => Problems.Of(StatusCodes.Status409Conflict, ruling.Refusal!),
            HeartbeatVerdict.TooMany => Problems.Of(StatusCodes.Status429TooManyRequests, ruling.Refusal!),
            HeartbeatVerdict.Busy => Problems.Of(StatusCodes.Status503ServiceUnavailable, ruling.Refusal!),
            _ => throw new InvalidOperationException($"{ruling.Verdict} is no answer."),
        };
    }

    private static async Task<IResult> ListAsync(string capId, IGrainFactory grains) =>
        Identifiers.IsId(capId) && await grains.Cap(capId).HeartbeatsAsync() is { } rows
            ? TypedResults.Json([.. rows.Select(HeartbeatView.Of)], HeartbeatsJson.Default.HeartbeatViewArray)
            : Problems.Of(StatusCodes.Status404NotFound, "cap-unknown", "capId", "The CapID is not registered.");

    private static async Task<IResult> RemoveAsync(string capId, string name, HttpContext context, IGrainFactory grains) =>
        Identifiers.IsId(capId) && await grains.Cap(capId).RemoveHeartbeatAsync(name, context.User.ToActor())
            ? TypedResults.NoContent()
            : Problems.Of(StatusCodes.Status404NotFound, "no-such-heartbeat", "name",
                "The CapID has no heartbeat of this name; GET /v1/caps/{capId}/heartbeats lists them.");
}
