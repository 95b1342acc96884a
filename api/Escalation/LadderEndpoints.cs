using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Reads;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.Escalation;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace CapOrleans.Api.Escalation;

/// <summary>Query of a preview, for the OpenAPI description.</summary>
internal sealed record PreviewQuery(
    [FromQuery(Name = "cap")] string? Cap, [FromQuery(Name = "severity")] string? Severity, [FromQuery(Name = "at")] string? At)
{
    public static readonly string[] Names = ["cap", "severity", "at"];
}

/// <summary>Endpoints for ladders: who is paged for incidents that no one answers.</summary>
internal static class LadderEndpoints
{
    private const int MaxYearsAhead = 10;

    public static void MapLadders(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/ladders", ListAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces<LadderView[]>().ProducesProblem(401).ProducesProblem(403)
            .WithSummary("List the ladders, with warnings about pages that would reach no one");
        app.MapPut("/v1/ladders/{id}", PutAsync).RequireAuthorization(OperatorAccess.Operator)
            .Accepts<LadderRequest>("application/json").Produces<LadderView>()
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(409)
            .WithSummary("Create or change a ladder: who is paged for an incident, level by level, until someone answers")
            .WithDescription(
                "Each level is paged when the previous one has had no answer for waitSeconds: an acknowledgement (or as many, from "
                + "different people, as its acknowledgements requires) or a resolution. A page is an incident.paged entry; its webhooks "
                + "receive a CloudEvent of type caporleans.incident.paged with the incident's current state; a page that waits for "
                + "another attempt is dropped once someone has answered. A level that names rotations pages whoever is on call when "
                + "it is reached; if no one is, the next level that reaches somebody follows at once. With inaction, so many incidents "
                + "that nobody answers make an audit.inaction entry, which its webhooks receive. Applies to incidents that are accepted or "
                + "reopened from now on; changes apply to open ones too, from their next step.");
        app.MapDelete("/v1/ladders/{id}", RemoveAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces(204).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404)
            .WithSummary("Remove a ladder; it no longer pages anyone, not even for open incidents");
        app.MapGet("/v1/ladders/{id}/preview", PreviewAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces<LadderPreview>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404)
            .WithSummary("Preview who would be paged for an incident that no one answers, and when; computed by the code that pages")
            .WithDescription("Query: cap (a registered CapID), severity (default critical), at (time of acceptance, " +
                "default now).");
    }

    private static async Task<IResult> ListAsync(IGrainFactory grains, TimeProvider time)
    {
        var webhooks = await PagingWarnings.WebhooksAsync(grains);
        var (ladders, _, rotations) = await grains.GetGrain<ILaddersGrain>(0).PolicyAsync();
        return TypedResults.Json(
            [
                .. ladders.OrderBy(ladder => ladder.Id, StringComparer.Ordinal)
                    .Select(ladder => ViewOf(ladder, PagingWarnings.Of(ladder, rotations, webhooks, time.GetUtcNow()))),
            ],
            EscalationJson.Default.LadderViewArray);
    }

    private static async Task<IResult> PutAsync(string id, HttpContext context, IGrainFactory grains, TimeProvider time)
    {
        var (request, _, refused) = await JsonBody.ReadAsync(context, EscalationJson.Default.LadderRequest, "a ladder");
        if (request is null)
        {
            return refused!;
        }

        var webhooks = await PagingWarnings.WebhooksAsync(grains);
        var rotations = (await grains.GetGrain<ILaddersGrain>(0).PolicyAsync()).Rotations;
        var (ladder, refusal) = LadderValidator.Read(
            id, request, webhooks.Keys.ToHashSet(StringComparer.Ordinal),
            rotations.Select(rotation => rotation.Id).ToHashSet(StringComparer.Ordinal));
        if (refusal is not null)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, refusal);
        }

        var ruling = await grains.GetGrain<ILaddersGrain>(0).PutAsync(ladder!, context.User.ToActor());
        return ruling.Ladder is { } kept
            ? TypedResults.Json(
                ViewOf(kept, PagingWarnings.Of(kept, rotations, webhooks, time.GetUtcNow())), EscalationJson.Default.LadderView)
            : Problems.Of(StatusCodes.Status409Conflict, "ladders-full", "id",
                $"At most {ClusterLimits.MaxLadders} ladders: remove one first.");
    }

    private static async Task<IResult> RemoveAsync(string id, HttpContext context, IGrainFactory grains) =>
        await grains.GetGrain<ILaddersGrain>(0).RemoveAsync(id, context.User.ToActor()) ? TypedResults.NoContent() : Unknown();

    private static async Task<IResult> PreviewAsync(
        string id, [AsParameters] PreviewQuery _, HttpContext context, IGrainFactory grains, TimeProvider time)
    {
        var query = new QueryReader(context.Request.Query, PreviewQuery.Names);
        var capId = query.Text("cap", Identifiers.IsId, Identifiers.Rule);
        var severity = query.Text("severity", Severity.IsOnLadder, $"one of {string.Join(", ", Severity.Ladder)}") ?? Severity.Critical;
        var at = query.Instant("at") ?? time.GetUtcNow();
        if (query.Fault is { } fault)
        {
            return fault;
        }

        if (at > time.GetUtcNow().AddYears(MaxYearsAhead))
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-query", "at", $"at most {MaxYearsAhead} years ahead");
        }

        var policy = await grains.GetGrain<ILaddersGrain>(0).PolicyAsync();
        if (policy.Ladders.FirstOrDefault(ladder => ladder.Id == id) is not { } asked)
        {
            return Unknown();
        }

        if (capId is null || await grains.Cap(capId).ReadAsync() is not { } cap)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-query", "cap", "a registered CapID");
        }

        var counts = EscalationRules.Find(policy.Ladders, capId, severity, cap.Policy.PagingFloor);
        var (steps, unanswered) = counts?.Id == id ? StepsOf(asked, policy, capId, severity, at) : ([], null);
        var silence = Silences.Active(policy.Silences, capId, severity, at);
        return TypedResults.Json(
            new LadderPreview(counts?.Id, steps, unanswered,
            [
                .. PagingWarnings.Of(asked, policy.Rotations, await PagingWarnings.WebhooksAsync(grains), time.GetUtcNow()),
                .. silence is null ? (string[])[] : [$"Silence {silence.Id} holds pages back until {silence.EndsAt:yyyy-MM-ddTHH:mm:ssZ}."],
            ]),
            EscalationJson.Default.LadderPreview);
    }

    /// <summary>Simulates the escalation; each step runs when it is due.</summary>
    private static (IReadOnlyList<LadderStepView> Steps, DateTimeOffset? UnansweredAt) StepsOf(
        Ladder ladder, PagingPolicy policy, string capId, string severity, DateTimeOffset at)
    {
        var steps = new List<LadderStepView>();
        for (var row = EscalationRules.Start(ladder, capId, "preview", severity, 0, 0, at); ;)
        {
            var turn = EscalationRules.Next(row, ladder, policy, [], row.DueAt);
            if (turn.Page is { } page)
            {
                steps.Add(new LadderStepView(row.DueAt, page.Level, page.Round, page.Webhooks, page.Acknowledgements, page.OnCall));
            }

            if (turn.Row is null)
            {
                return (steps, row.DueAt);
            }

            row = turn.Row;
        }
    }

    private static LadderView ViewOf(Ladder ladder, IReadOnlyList<string> warnings) => new(
        ladder.Id, ladder.Caps, ladder.MinSeverity,
        [
            .. ladder.Levels.Select(level => new LadderLevelView(
                level.Webhooks, level.WaitSeconds, level.Acknowledgements, level.Rotations ?? [])),
        ],
        ladder.Repeat, ladder.AcknowledgedForSeconds,
        ladder.Inaction is { } inaction ? new LadderInaction(inaction.Incidents, inaction.WithinSeconds, inaction.Webhooks) : null,
        ladder.ChangedAt, ladder.ChangedBy.Id, ladder.ChangedBy.Name, warnings);

    private static ProblemHttpResult Unknown() =>
        Problems.Of(StatusCodes.Status404NotFound, "no-such-ladder", "id", "the id of a ladder; GET /v1/ladders lists them");
}
