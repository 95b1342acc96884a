using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.Escalation;
using CapOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Api.Escalation;

/// <summary>Silences: times during which incidents page no one.</summary>
internal static class SilenceEndpoints
{
    public static void MapSilences(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/silences", ListAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces<SilenceView[]>().ProducesProblem(401).ProducesProblem(403)
            .WithSummary("Silences that hold pages back now, or will");
        app.MapPut("/v1/silences/{id}", PutAsync).RequireAuthorization(OperatorAccess.Operator)
            .Accepts<SilenceRequest>("application/json").Produces<SilenceView>()
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(409)
            .WithSummary("Set or change a silence: no one is paged for these CapIDs' incidents until it ends")
            .WithDescription(
                "Incidents are accepted, logged, scored and delivered to webhooks as ever; only the pages of ladders wait. When the "
                + "silence ends, the webhooks of the level that would have been paged get one summary (CloudEvent type "
                + "caporleans.silence.ended) of the incidents that are still unanswered, per log and level; those that stay unanswered "
                + "for that level's waitSeconds are then paged. Pages made before the silence are still delivered. With a startsAt in "
                + "the future it is a maintenance window.");
        app.MapDelete("/v1/silences/{id}", RemoveAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces(204).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404)
            .WithSummary("End a silence now, or cancel one that has not started");
    }

    private static async Task<IResult> ListAsync(IGrainFactory grains, TimeProvider time)
    {
        var silences = (await grains.GetGrain<ILaddersGrain>(0).PolicyAsync()).Silences;
        return TypedResults.Json(
            [.. silences.OrderBy(silence => silence.EndsAt).ThenBy(silence => silence.Id, StringComparer.Ordinal)
                .Select(silence => ViewOf(silence, time.GetUtcNow()))],
            EscalationJson.Default.SilenceViewArray);
    }

    private static async Task<IResult> PutAsync(string id, HttpContext context, IGrainFactory grains, TimeProvider time)
    {
        var (request, _, refused) = await JsonBody.ReadAsync(context, EscalationJson.Default.SilenceRequest, "a silence");
        if (request is null)
        {
            return refused!;
        }

        var ladders = grains.GetGrain<ILaddersGrain>(0);
        var known = (await ladders.PolicyAsync()).Silences.FirstOrDefault(silence => silence.Id == id);
        var (silence, refusal) = SilenceValidator.Read(id, request, known, time.GetUtcNow());
        if (refusal is not null)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, refusal);
        }

        return (await ladders.SilenceAsync(silence!, context.User.ToActor())).Silence is { } kept
            ? TypedResults.Json(ViewOf(kept, time.GetUtcNow()), EscalationJson.Default.SilenceView)
            : Problems.Of(StatusCodes.Status409Conflict, "silences-full", "id",
                $"At most {ClusterLimits.Silences} silences: remove one first.");
    }

    private static async Task<IResult> RemoveAsync(string id, HttpContext context, IGrainFactory grains) =>
        await grains.GetGrain<ILaddersGrain>(0).RemoveSilenceAsync(id, context.User.ToActor()) ? TypedResults.NoContent() : Unknown();

    private static SilenceView ViewOf(Silence silence, DateTimeOffset now) => new(
        silence.Id, silence.Caps, silence.MaxSeverity, silence.StartsAt, silence.EndsAt, silence.Reason, silence.StartsAt <= now,
        silence.SetAt, silence.SetBy.Id, silence.SetBy.Name);

    private static ProblemHttpResult Unknown() =>
        Problems.Of(StatusCodes.Status404NotFound, "no-such-silence", "id", "the id of a silence; GET /v1/silences lists them");
}
