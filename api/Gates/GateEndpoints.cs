using CapOrleans.Api.Access;
using CapOrleans.Api.Intake;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Gates;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Callers;

namespace CapOrleans.Api.Gates;

/// <param name="Timestamp">By the gate's clock, ISO 8601 UTC.</param>
/// <param name="Signature"><c>personal_sign</c> over <c>CapOrleans gate|{gate}|{timestamp}|{waiting}|{dead}</c>.</param>
internal sealed record HeartbeatBody(string? Timestamp, long? Waiting, long? Dead, string? Signature);

/// <summary>The gates: each says every ten seconds that it is there, and an operator sees which are not.</summary>
internal static class GateEndpoints
{
    public static void MapGates(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/gates/{gate}/heartbeats", HearAsync).RequireAuthorization(OperatorAccess.Anyone)
            .Accepts<HeartbeatBody>("application/json").Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(409).ProducesProblem(429)
            .WithSummary("A gate says that it is there")
            .WithDescription("Signed with the gate's own key. The first one takes the name, for which it needs an API key; later ones need none. After 35 seconds without one, the log says gate.silent.");
        app.MapGet("/v1/gates", async (IGrainFactory grains) => TypedResults.Json([.. await grains.GetGrain<IGatesGrain>(0).ListAsync()], ApiJson.Default.GateViewArray))
            .RequireAuthorization(OperatorAccess.Reader).Produces<GateView[]>()
            .WithSummary("Gates, and which of them are silent");
        app.MapDelete("/v1/gates/{gate}", async (string gate, IGrainFactory grains) => await grains.GetGrain<IGatesGrain>(0).RemoveAsync(gate)
                ? (IResult)TypedResults.NoContent()
                : Problems.Of(StatusCodes.Status404NotFound, "no-such-gate", "gate", "No gate has this name; see /v1/gates."))
            .RequireAuthorization(OperatorAccess.Admin).Produces(StatusCodes.Status204NoContent).ProducesProblem(404)
            .WithSummary("Take a gate's name back");
    }

    private static async Task<IResult> HearAsync(string gate, HttpContext context, ApiOptions options, IntakeRateLimit limit, IGrainFactory grains)
    {
        if (limit.Refuse(context, 1) is { } tooMany)
        {
            return tooMany;
        }

        var (body, _, refused) = await JsonBody.ReadAsync(context, ApiJson.Default.HeartbeatBody, "a heartbeat");
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

        if (!RecoverableSignature.TryParse(body.Signature ?? "", out var signature, out var fault))
        {
            return Field("signature", fault);
        }

        if (!Secp256k1.Instance.TryRecover(SignedHeartbeat.Hash(gate, body.Timestamp, body.Waiting.Value, body.Dead.Value), signature, out var signer))
        {
            return Field("signature", "r is the x of a point on secp256k1");
        }

        var mayJoin = (options.OpenReads && LocalCaller.Is(context)) || context.User.Has(OperatorScope.Read);
        return await grains.GetGrain<IGatesGrain>(0).HearAsync(new GateHeartbeat(gate, signer.ToString(), sentAt, body.Waiting.Value, body.Dead.Value, mayJoin)) switch
        {
            HeartbeatVerdict.Heard => TypedResults.NoContent(),
            HeartbeatVerdict.Unknown => Problems.Of(StatusCodes.Status401Unauthorized, "unauthenticated", "Authorization", "A gate that is new needs an API key of scope read; see Gate__ApiKeyFile."),
            HeartbeatVerdict.OtherKey => Problems.Of(StatusCodes.Status403Forbidden, "gate-of-another-key", "gate", "Another key has this name: give the gate a name of its own, see Gate__Name."),
            HeartbeatVerdict.Stale => Problems.Of(StatusCodes.Status409Conflict, "stale-heartbeat", "timestamp", $"Later than the gate's last, and at most {SignedHeartbeat.Tolerance} from the cluster's clock."),
            _ => Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-gates", "gate", $"At most {ClusterLimits.Gates} gates, and {ClusterLimits.NewGatesPerMinute} new ones in a minute."),
        };

        static IResult Field(string field, string rule) => Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", field, rule);
    }
}
