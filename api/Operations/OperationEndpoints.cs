using System.Text;
using System.Text.Json;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Settings;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Operations;
using CapOrleans.Core.Access;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Bodies;
using CapOrleans.HttpEdge.Callers;
using CapOrleans.HttpEdge.Telemetry;

namespace CapOrleans.Api.Operations;

/// <summary>Endpoints for operators and their monitoring.</summary>
internal static class OperationEndpoints
{
    public static void MapOperations(this IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => TypedResults.Text("live")).WithSummary("Whether the process is running");
        app.MapGet("/health/ready", ReadyAsync).RequireAuthorization(OperatorAccess.DecidedByEndpoint).Produces<Readiness>().ProducesProblem(503).WithSummary("Whether the log accepts incidents");
        MetricsEndpoint.Map(app, async context =>
        {
            await context.RequestServices.GetRequiredService<ClusterMetrics>().RefreshAsync(
                context.RequestServices.GetRequiredService<IGrainFactory>());
            return true;
        })?.RequireAuthorization(OperatorAccess.Reader);
        app.MapGet("/v1/limits", (ApiOptions options) => TypedResults.Json(Limits.Of(options), OperationsJson.Default.LimitArray))
            .RequireAuthorization(OperatorAccess.Reader).Produces<Limit[]>().ProducesProblem(401).WithSummary("Every limit that a caller can reach, and the response beyond it");
        app.MapPost("/v1/delegations", AuditDelegationAsync).RequireAuthorization(OperatorAccess.Operator)
            .Accepts<JsonElement>("application/json").Produces<JsonElement>(201).ProducesProblem(400).ProducesProblem(401).ProducesProblem(404)
            .WithSummary("Audit an agent-to-agent delegation log; GET /audit shows the newest");
    }

    /// <summary>
    /// Returns the status alone to callers without read access: the details contain names of CapIDs and of machines.
    /// </summary>
    private static async Task<IResult> ReadyAsync(HttpContext context, ApiOptions options, CachedReadiness liveliness, IGrainFactory grains,
        TimeProvider time)
    {
        var isReader = (options.OpenReads && LocalCaller.Is(context) && !OriginGuard.IsOtherSitesRead(context.Request))
            || context.User.Has(OperatorScope.Read);
        try
        {
            if (isReader)
            {
                return TypedResults.Json(await ReadinessCheck.OfAsync(grains, time.GetUtcNow()), OperationsJson.Default.Readiness);
            }

            return TypedResults.Json(new Readiness(await liveliness.CheckAsync(), null, null), OperationsJson.Default.Readiness);
        }
        catch (Exception fault)
        {
            context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, "unavailable", "", isReader
                ? $"The log cannot accept incidents at the moment: {OneLine.Of(fault.GetBaseException().Message)} " +
                    "Check the disk of DATA_DIR, or " +
                    $"the database of DATABASE_URL."
                : "The log cannot accept incidents at the moment.");
        }
    }

    private static async Task<IResult> AuditDelegationAsync(HttpContext context, IGrainFactory grains)
    {
        var (body, refused) = await BoundedBody.ReadAsync(context, IncidentReader.MaxRequestBytes);
        if (body is null)
        {
            return refused!;
        }

        string? capId;
        try
        {
            using var document = StrictJson.Parse(body);
            _ = Rfc8785.Canonicalize(document.RootElement); // proves that every string is Unicode
            capId = document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("cap_id", out var member) && member.ValueKind == JsonValueKind.String
                ? member.GetString() : null;
        }
        catch (JsonException fault)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "not-json", "", fault.Message);
        }

        if (capId is null || !Identifiers.IsId(capId))
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "cap_id", Identifiers.Rule);
        }

        return await grains.Cap(capId).AuditDelegationAsync(Encoding.UTF8.GetString(body), context.User.ToActor()) is { } result
            ? TypedResults.Text(result, "application/json", Encoding.UTF8, StatusCodes.Status201Created)
            : Problems.Of(StatusCodes.Status404NotFound, "cap-unknown", "cap_id", "The CapID is not registered.");
    }
}
