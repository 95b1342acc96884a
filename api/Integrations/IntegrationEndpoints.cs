using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Access;
using CapOrleans.Core.Access;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Integrations;

/// <summary>Endpoints that create, list and remove integrations.</summary>
internal static class IntegrationEndpoints
{
    private const int MaxNameLength = 64;

    public static void MapIntegrations(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/integrations", ListAsync).RequireAuthorization(OperatorAccess.Admin)
            .Produces<IReadOnlyList<IntegrationView>>().ProducesProblem(401).ProducesProblem(403)
            .WithSummary("List the systems that file incidents with a key, without their keys");
        app.MapPost("/v1/integrations", CreateAsync).RequireAuthorization(OperatorAccess.Admin)
            .Accepts<IntegrationRequest>("application/json").Produces<IntegrationView>(201)
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409)
            .WithSummary("Let another system file incidents of a CapID; only this response contains its key")
            .WithDescription("The key goes into routing_key of /v2/enqueue, or is the bearer token of /v1/in/alertmanager. " +
                "Incidents filed with it are unverified: they page people, and move no score.");
        app.MapDelete("/v1/integrations/{id}", RemoveAsync).RequireAuthorization(OperatorAccess.Admin)
            .Produces(204).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404)
            .WithSummary("Remove an integration: its key no longer counts");
    }

    private static async Task<IResult> ListAsync(IntegrationKeys keys) => TypedResults.Json(
        (await keys.ListAsync()).Select(one => IntegrationView.Of(one)).ToArray(), IntegrationsJson.Default.IntegrationViewArray);

    private static async Task<IResult> CreateAsync(HttpContext context, IGrainFactory grains, IntegrationKeys keys, TimeProvider time)
    {
        var (request, _, refused) = await JsonBody.ReadAsync(
            context, IntegrationsJson.Default.IntegrationRequest, "an integration's name and CapID");
        if (request is null)
        {
            return refused!;
        }

        if (request.Name is not { } name || !PrintableText.IsValid(name, MaxNameLength))
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "name", PrintableText.Rule(MaxNameLength));
        }

        if (request.CapId is not { } capId || !Identifiers.IsId(capId))
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "capId", Identifiers.Rule);
        }

        if (await grains.Cap(capId).ReadAsync() is null)
        {
            return Problems.Of(StatusCodes.Status404NotFound, "cap-unknown", "capId", "The CapID is not registered.");
        }

        var (actor, key) = (context.User.ToActor(), IntegrationKey.Create());
        var integration = new Integration(
            IntegrationKey.CreateId(), name, capId, IntegrationKey.HashOf(key), time.GetUtcNow(), actor.Id);
        var isAdded = await grains.GetGrain<IIntegrationsGrain>(0).AddAsync(integration, actor);
        keys.Invalidate();
        return isAdded
            ? TypedResults.Json(
                IntegrationView.Of(integration, key), IntegrationsJson.Default.IntegrationView, statusCode: StatusCodes.Status201Created)
            : Problems.Of(StatusCodes.Status409Conflict, "integrations-full", "",
                $"At most {ClusterLimits.MaxIntegrations} integrations: remove one first.");
    }

    private static async Task<IResult> RemoveAsync(string id, HttpContext context, IGrainFactory grains, IntegrationKeys keys)
    {
        var isRemoved = await grains.GetGrain<IIntegrationsGrain>(0).RemoveAsync(id, context.User.ToActor());
        keys.Invalidate();
        return isRemoved ? TypedResults.NoContent() : Problems.Of(StatusCodes.Status404NotFound, "no-such-integration", "id",
            "the id of an integration; GET /v1/integrations lists them");
    }
}
