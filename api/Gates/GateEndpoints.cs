using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Gates;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Api.Gates;

/// <summary>
/// Endpoints for gates: an admin names them, each sends a heartbeat every ten seconds, and operators see which are
/// silent.
/// </summary>
internal static class GateEndpoints
{
    public static void MapGates(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/gates/{gate}/heartbeats", RecordAsync).RequireAuthorization(OperatorAccess.DecidedByEndpoint)
            .Accepts<HeartbeatBody>("application/json").Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(400).ProducesProblem(403).ProducesProblem(409).ProducesProblem(429)
            .WithSummary("Heartbeat of a gate")
            .WithDescription("Signed with the gate's own key, which an admin registered under the name. Needs no API " +
                "key. After 35 seconds without a heartbeat, "
                + "gate.silent is logged.");
        app.MapGet("/v1/gates", async (IGrainFactory grains) => TypedResults.Json([.. await grains.GetGrain<IGatesGrain>(0).ListAsync()], GatesJson.Default.GateViewArray))
            .RequireAuthorization(OperatorAccess.Reader).Produces<GateView[]>()
            .WithSummary("Gates, and which of them are silent");
        app.MapPut("/v1/gates/{gate}", AddAsync).RequireAuthorization(OperatorAccess.Admin)
            .Accepts<GateBody>("application/json").Produces<GateBody>().Produces<GateBody>(201)
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(409)
            .WithSummary("Give a gate's key a name");
        app.MapDelete("/v1/gates/{gate}", async (string gate, HttpContext context, IGrainFactory grains) =>
            await grains.GetGrain<IGatesGrain>(0).RemoveAsync(gate, context.User.ToActor())
                ? (IResult)TypedResults.NoContent()
                : Problems.Of(StatusCodes.Status404NotFound, "no-such-gate", "gate", "No gate has this name; see /v1/gates."))
            .RequireAuthorization(OperatorAccess.Admin).Produces(StatusCodes.Status204NoContent).ProducesProblem(404)
            .WithSummary("Remove a gate's name");
    }

    private static async Task<IResult> AddAsync(string gate, HttpContext context, IGrainFactory grains)
    {
        var (body, _, refused) = await JsonBody.ReadAsync(context, GatesJson.Default.GateBody, "the address of a gate's key");
        if (body is null)
        {
            return refused!;
        }

        if (!Identifiers.IsId(gate))
        {
            return Field("gate", Identifiers.Rule);
        }

        if (!EthereumAddress.TryParse(body.Address, out var address))
        {
            return Field("address", $"as the gate's status shows it: {EthereumAddress.Rule}");
        }

        var added = new GateBody($"{address}");
        return await grains.GetGrain<IGatesGrain>(0).AddAsync(gate, added.Address!, context.User.ToActor()) switch
        {
            GateAddition.Added => TypedResults.Json(added, GatesJson.Default.GateBody, statusCode: StatusCodes.Status201Created),
            GateAddition.Unchanged => TypedResults.Json(added, GatesJson.Default.GateBody),
            GateAddition.OtherKey => Conflict("gate-of-another-key", "This name belongs to another key: remove that " +
                "gate first, see /v1/gates."),
            GateAddition.Full => Conflict("gates-full", $"At most {ClusterLimits.MaxGates} gates: remove one first."),
            var other => throw new InvalidOperationException($"{other} is no answer."),
        };
    }

    private static async Task<IResult> RecordAsync(string gate, HttpContext context, IGrainFactory grains)
    {
        var (body, _, refused) = await JsonBody.ReadAsync(context, GatesJson.Default.HeartbeatBody, "a heartbeat");
        if (body is null)
        {
            return refused!;
        }

        if (!Identifiers.IsId(gate))
        {
            return Field("gate", Identifiers.Rule);
        }

        if (body.Timestamp is null || !SignedTime.TryParse(body.Timestamp, out var sentAt))
        {
            return Field("timestamp", SignedTime.Rule);
        }

        if (body.Waiting is not >= 0 || body.Dead is not >= 0)
        {
            return Field(body.Waiting is not >= 0 ? "waiting" : "dead", "a whole number, not negative");
        }

        if (!SignedHeartbeat.TryRecover(gate, body.Timestamp, body.Waiting.Value, body.Dead.Value, body.Signature ?? "", out var signer, out var rule))
        {
            return Field("signature", rule);
        }

        var heartbeat = new GateHeartbeat(gate, signer.ToString(), sentAt, body.Waiting.Value, body.Dead.Value);
        return await grains.GetGrain<IGatesGrain>(0).RecordAsync(heartbeat) switch
        {
            HeartbeatVerdict.Accepted => TypedResults.NoContent(),
            HeartbeatVerdict.Unknown => Forbidden(
                "gate-unknown", $"An admin must add the gate first, with the address that its status shows: cap gate add {gate} ADDRESS"),
            HeartbeatVerdict.OtherKey => Forbidden(
                "gate-of-another-key", "This name belongs to another key: give the gate its own name (Gate__Name), or " +
                    "have an admin remove the other gate."),
            HeartbeatVerdict.Stale => Problems.Of(StatusCodes.Status409Conflict, "stale-heartbeat", "timestamp", $"Must be later than the gate's previous heartbeat and within {SignedHeartbeat.Tolerance.TotalMinutes} minutes of the cluster's clock."),
            var other => throw new InvalidOperationException($"{other} is no answer."),
        };
    }

    private static ProblemHttpResult Field(string field, string rule) =>
        Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", field, rule);

    private static ProblemHttpResult Forbidden(string type, string rule) => Problems.Of(StatusCodes.Status403Forbidden, type, "gate", rule);

    private static ProblemHttpResult Conflict(string type, string rule) => Problems.Of(StatusCodes.Status409Conflict, type, "gate", rule);
}
