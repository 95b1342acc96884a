using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Access;
using CapOrleans.Core.Access;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Access;

/// <summary>Endpoints that create, list and revoke API keys.</summary>
internal static class OperatorEndpoints
{
    private const int MaxNameLength = 64;

    public static void MapOperators(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/operators", ListAsync).RequireAuthorization(OperatorAccess.Admin)
            .Produces<IReadOnlyList<OperatorView>>().ProducesProblem(401).ProducesProblem(403).WithSummary("List the API keys, including revoked ones");
        app.MapPost("/v1/operators", CreateAsync).RequireAuthorization(OperatorAccess.Admin)
            .Accepts<OperatorRequest>("application/json").Produces<OperatorView>(201).ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(409)
            .WithSummary("Create an API key; only this response contains it");
        app.MapDelete("/v1/operators/{id}", RevokeAsync).RequireAuthorization(OperatorAccess.Admin)
            .Produces(204).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).WithSummary("Revoke an API key");
    }

    private static async Task<IResult> ListAsync(OperatorKeys keys) => TypedResults.Json(
        (await keys.ListAsync()).Select(key => OperatorView.Of(key)).ToArray(), AccessJson.Default.OperatorViewArray);

    private static async Task<IResult> CreateAsync(HttpContext context, IGrainFactory grains, OperatorKeys keys, TimeProvider time)
    {
        var (request, _, refused) = await JsonBody.ReadAsync(context, AccessJson.Default.OperatorRequest, "an API key's name and scope");
        if (request is null)
        {
            return refused!;
        }

        if (request.Name is not { } name || !PrintableText.IsValid(name, MaxNameLength))
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "name", PrintableText.Rule(MaxNameLength));
        }

        var scope = request.Scope switch { "read" => OperatorScope.Read, "operate" => OperatorScope.Operate, "admin" => OperatorScope.Admin, _ => OperatorScope.None };
        if (scope == OperatorScope.None)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "scope", "read, operate or admin");
        }

        var key = ApiKey.Create();
        var kept = new OperatorKey(key.Id, name, scope, key.Hash, time.GetUtcNow(), null, null);
        var isAdded = await grains.GetGrain<IOperatorsGrain>(0).AddAsync(kept, context.User.ToActor());
        keys.Invalidate();
        return isAdded
            ? TypedResults.Json(OperatorView.Of(kept, key.Export()), AccessJson.Default.OperatorView, statusCode: StatusCodes.Status201Created)
            : Problems.Of(StatusCodes.Status409Conflict, "too-many-keys", "", $"At most {ClusterLimits.MaxApiKeys} API keys: revoke one first.");
    }

    private static async Task<IResult> RevokeAsync(string id, HttpContext context, IGrainFactory grains, OperatorKeys keys)
    {
        var verdict = await grains.GetGrain<IOperatorsGrain>(0).RevokeAsync(id, context.User.ToActor());
        keys.Invalidate();
        return verdict switch
        {
            RevocationVerdict.Revoked => TypedResults.NoContent(),
            RevocationVerdict.LastAdmin => Problems.Of(StatusCodes.Status409Conflict, "last-admin-key", "id", "The last API key with scope admin cannot be revoked: create another one first."),
            _ => Problems.Of(StatusCodes.Status404NotFound, "key-unknown", "id", "the id of an API key; GET /v1/operators lists them"),
        };
    }
}
