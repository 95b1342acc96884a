using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Reads;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.Escalation;
using CapOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using WebhookList = System.Collections.Generic.IReadOnlyDictionary<string, CapOrleans.Contracts.Webhooks.WebhookEndpoint>;

namespace CapOrleans.Api.Escalation;

/// <summary>Query of a schedule, for the OpenAPI description.</summary>
internal sealed record ShiftsQuery([FromQuery(Name = "from")] string? From, [FromQuery(Name = "until")] string? Until)
{
    public static readonly string[] Names = ["from", "until"];
}

/// <summary>Rotations: people who take turns at being on call.</summary>
internal static class RotationEndpoints
{
    private const int DefaultDays = 30, MaxDays = 366, MaxYearsAway = 10;

    public static void MapRotations(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/rotations", ListAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces<RotationView[]>().ProducesProblem(401).ProducesProblem(403)
            .WithSummary("List the rotations, with who is on call now and warnings about webhooks that cannot be paged");
        app.MapPut("/v1/rotations/{id}", PutAsync).RequireAuthorization(OperatorAccess.Operator)
            .Accepts<RotationRequest>("application/json").Produces<RotationView>()
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(409)
            .WithSummary("Create or change a rotation: people who take turns at being on call")
            .WithDescription(
                "A level of a ladder that names the rotation pages whoever is on call when the level is reached. The overrides of the "
                + "rotation stay. Its people's names stay in the log for good.");
        app.MapDelete("/v1/rotations/{id}", RemoveAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces(204).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404)
            .WithSummary("Remove a rotation; ladders that name it page none of its people from then on");
        app.MapGet("/v1/rotations/{id}/shifts", ShiftsAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces<ShiftView[]>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404)
            .WithSummary("Show who is on call when, without gaps; computed by the code that pages")
            .WithDescription(
                $"Query: from (default now) and until (default {DefaultDays} days later, at most {MaxDays}), RFC 3339. A time at which "
                + "no one is on call is a shift without a name.");
        app.MapPut("/v1/rotations/{id}/overrides/{override}", OverrideAsync).RequireAuthorization(OperatorAccess.Operator)
            .Accepts<RotationOverrideRequest>("application/json").Produces<RotationView>()
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409)
            .WithSummary("Put somebody on call for a while, outside the rotation's hours too");
        app.MapDelete("/v1/rotations/{id}/overrides/{override}", RemoveOverrideAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces(204).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404)
            .WithSummary("Remove an override, whether it has started or not");
    }

    private static async Task<IResult> ListAsync(IGrainFactory grains, TimeProvider time)
    {
        var webhooks = await PagingWarnings.WebhooksAsync(grains);
        var rotations = (await grains.GetGrain<ILaddersGrain>(0).PolicyAsync()).Rotations;
        return TypedResults.Json(
            [
                .. rotations.OrderBy(rotation => rotation.Id, StringComparer.Ordinal)
                    .Select(rotation => ViewOf(rotation, webhooks, time.GetUtcNow())),
            ],
            EscalationJson.Default.RotationViewArray);
    }

    private static async Task<IResult> PutAsync(string id, HttpContext context, IGrainFactory grains, TimeProvider time)
    {
        var (request, _, refused) = await JsonBody.ReadAsync(context, EscalationJson.Default.RotationRequest, "a rotation");
        if (request is null)
        {
            return refused!;
        }

        var webhooks = await PagingWarnings.WebhooksAsync(grains);
        var (rotation, refusal) = RotationValidator.Read(id, request, webhooks.Keys.ToHashSet(StringComparer.Ordinal));
        return refusal is not null ? Problems.Of(StatusCodes.Status400BadRequest, refusal)
            : (await grains.GetGrain<ILaddersGrain>(0).PutRotationAsync(rotation!, context.User.ToActor())).Rotation is { } kept
                ? TypedResults.Json(ViewOf(kept, webhooks, time.GetUtcNow()), EscalationJson.Default.RotationView)
            : Problems.Of(StatusCodes.Status409Conflict, "rotations-full", "id",
                $"At most {ClusterLimits.MaxRotations} rotations: remove one first.");
    }

    private static async Task<IResult> RemoveAsync(string id, HttpContext context, IGrainFactory grains) =>
        await grains.GetGrain<ILaddersGrain>(0).RemoveRotationAsync(id, context.User.ToActor()) ? TypedResults.NoContent() : Unknown();

    private static async Task<IResult> ShiftsAsync(
        string id, [AsParameters] ShiftsQuery _, HttpContext context, IGrainFactory grains, TimeProvider time)
    {
        var (query, now) = (new QueryReader(context.Request.Query, ShiftsQuery.Names), time.GetUtcNow());
        var from = query.Instant("from") ?? now;
        var until = query.Instant("until");
        if (query.Fault is { } fault)
        {
            return fault;
        }

        if (from < now.AddYears(-MaxYearsAway) || from > now.AddYears(MaxYearsAway))
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-query", "from", $"at most {MaxYearsAway} years from now");
        }

        until ??= from.AddDays(DefaultDays);
        return until <= from || until > from.AddDays(MaxDays)
            ? Problems.Of(StatusCodes.Status400BadRequest, "invalid-query", "until", $"after from, by at most {MaxDays} days")
            : await FindAsync(grains, id) is not { } rotation ? Unknown()
            : TypedResults.Json([.. new RotationSchedule(rotation).Shifts(from, until.Value)], EscalationJson.Default.ShiftViewArray);
    }

    private static async Task<IResult> OverrideAsync(
        string id, string @override, HttpContext context, IGrainFactory grains, TimeProvider time)
    {
        var (request, _, refused) = await JsonBody.ReadAsync(context, EscalationJson.Default.RotationOverrideRequest, "an override");
        if (request is null)
        {
            return refused!;
        }

        if (await FindAsync(grains, id) is not { } rotation)
        {
            return Unknown();
        }

        var webhooks = await PagingWarnings.WebhooksAsync(grains);
        var (change, refusal) = RotationValidator.Read(
            rotation, @override, request, webhooks.Keys.ToHashSet(StringComparer.Ordinal), time.GetUtcNow());
        if (refusal is not null)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, refusal);
        }

        var ruling = await grains.GetGrain<ILaddersGrain>(0).OverrideAsync(id, change!, context.User.ToActor());
        return ruling.Rotation is { } kept
                ? TypedResults.Json(ViewOf(kept, webhooks, time.GetUtcNow()), EscalationJson.Default.RotationView)
            : ruling.Verdict == PutVerdict.Missing ? Unknown()
            : Problems.Of(StatusCodes.Status409Conflict, "overrides-full", "override",
                $"At most {ClusterLimits.MaxOverrides} overrides of a rotation: remove one first.");
    }

    private static async Task<IResult> RemoveOverrideAsync(string id, string @override, HttpContext context, IGrainFactory grains) =>
        await grains.GetGrain<ILaddersGrain>(0).RemoveOverrideAsync(id, @override, context.User.ToActor())
            ? TypedResults.NoContent()
            : await FindAsync(grains, id) is null ? Unknown()
            : Problems.Of(StatusCodes.Status404NotFound, "no-such-override", "override",
                "the id of an override that has not ended; GET /v1/rotations lists them");

    private static async Task<Rotation?> FindAsync(IGrainFactory grains, string id) =>
        (await grains.GetGrain<ILaddersGrain>(0).PolicyAsync()).Rotations.FirstOrDefault(rotation => rotation.Id == id);

    private static RotationView ViewOf(Rotation rotation, WebhookList webhooks, DateTimeOffset now) => new(
        rotation.Id, rotation.TimeZone, rotation.StartsAt, rotation.ShiftDays,
        [.. rotation.Members.Select(member => new RotationMemberView(member.Name, member.Webhook))],
        rotation.Hours is { } hours ? new OnCallHoursView(hours.Days, hours.From, hours.Until) : null,
        [
            .. rotation.Overrides.Where(one => one.EndsAt > now)
                .Select(one => new RotationOverrideView(one.Id, one.Name, one.Webhook, one.StartsAt, one.EndsAt)),
        ],
        new RotationSchedule(rotation).At(now) is { } person ? new RotationMemberView(person.Name, person.Webhook) : null,
        rotation.ChangedAt, rotation.ChangedBy.Id, rotation.ChangedBy.Name, PagingWarnings.Of(rotation, webhooks, now));

    private static ProblemHttpResult Unknown() =>
        Problems.Of(StatusCodes.Status404NotFound, "no-such-rotation", "id", "the id of a rotation; GET /v1/rotations lists them");
}
