using System.Text;
using System.Text.Json;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.MerkleTree;
using CapOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Api.Reads;

internal static class ReadEndpoints
{
    private const int DefaultLimit = 100;
    public const int MaxLimit = 500;

    public static void MapReads(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/incidents/{capId}/{incidentId}", ReadAsync).RequireAuthorization(OperatorAccess.Reader)
            .Produces<IncidentView>().ProducesProblem(404).WithSummary("One incident, with its position in log, archive and chain");
        var slots = app.ServiceProvider.GetRequiredService<ReadSlots>();
        app.MapGet("/v1/incidents/{capId}/{incidentId}/timeline", TimelineAsync).RequireAuthorization(OperatorAccess.Reader)
            .AddEndpointFilter(slots).Produces<IncidentTimeline>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(503)
            .WithSummary("The timeline of an incident: reports, updates and deliveries")
            .WithDescription("Each event with the index of its log entry; deliveries of existing webhooks, for 30 " +
                "days. Query: format, json "
                + "(the default) or markdown (text/markdown, for a postmortem).");
        app.MapGet("/v1/incidents", ListAsync).RequireAuthorization(OperatorAccess.Reader).AddEndpointFilter(slots)
            .Produces<IncidentPage>().ProducesProblem(400).ProducesProblem(503).WithSummary(
                "Incidents, log by log and in order within each; with from, to or order=newest, by time of acceptance")
            .WithDescription("Query: cap; severity, one or more of normal, high, escalated and critical, separated by commas, " +
                "or minSeverity, one of "
                + "them as the minimum; from and to (time of acceptance); order (oldest, the default, or newest " +
                    "first); cursor; limit (1 to 500). A page also ends at 4 MiB: continue while next is present.");
        app.MapGet("/v1/audit", EntriesAsync).RequireAuthorization(OperatorAccess.Reader).AddEndpointFilter(slots)
            .Produces<EntryPage>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(503).WithSummary("A log's entries")
            .WithDescription("Query: log (its number, 0 by default; /health/ready lists them), after (index, -1 for " +
                "the beginning), limit (1 to 500). A page also ends at 4 MiB: continue while next is present.");
        app.MapGateway();
    }

    private static async Task<IResult> ReadAsync(string capId, string incidentId, IGrainFactory grains) =>
        Identifiers.IsId(capId) && Identifiers.IsId(incidentId)
            && await grains.Incident(capId, incidentId).ReadAsync() is { } view
            ? TypedResults.Json(view, ReadsJson.Default.IncidentView)
            : Unknown();

    private static async Task<IResult> TimelineAsync(
        string capId, string incidentId, [AsParameters] TimelineQuery described, HttpRequest request, IGrainFactory grains)
    {
        var query = new QueryReader(request.Query, TimelineQuery.Names);
        var format = query.Text("format", text => text is "json" or "markdown", "json or markdown");
        return query.Fault ?? (Identifiers.IsId(capId) && Identifiers.IsId(incidentId)
            && await grains.Incident(capId, incidentId).TimelineAsync() is { } timeline
            ? format == "markdown" ? TypedResults.Text(TimelineMarkdown.Write(timeline), "text/markdown", Encoding.UTF8)
                : TypedResults.Json(timeline, ReadsJson.Default.IncidentTimeline)
            : Unknown());
    }

    private static ProblemHttpResult Unknown() =>
        Problems.Of(StatusCodes.Status404NotFound, "incident-unknown", "incidentId", "No incident was accepted under this CapID and id.");

    private static async Task<IResult> ListAsync([AsParameters] IncidentListQuery described, HttpRequest request, IGrainFactory grains)
    {
        var query = new QueryReader(request.Query, IncidentListQuery.Names);
        var filter = new IncidentQuery(
            query.Text("cap", Identifiers.IsId, Identifiers.Rule),
            query.Severities(), query.Instant("from"), query.Instant("to"),
            -1, (int)query.Number("limit", DefaultLimit, 1, MaxLimit),
            IsNewestFirst: query.Text("order", value => value is "oldest" or "newest", "oldest or newest") == "newest");
        filter = query.Cursor(filter);
        return query.Fault ?? TypedResults.Json(
            await grains.GetGrain<ILogReaderGrain>(0).IncidentsAsync(filter, request.HttpContext.RequestAborted), ReadsJson.Default.IncidentPage);
    }

    private static async Task<IResult> EntriesAsync([AsParameters] EntryListQuery described, HttpRequest request, IGrainFactory grains)
    {
        var query = new QueryReader(request.Query, EntryListQuery.Names);
        var after = query.Number("after", -1, -1, long.MaxValue - 1);
        var limit = (int)query.Number("limit", DefaultLimit, 1, MaxLimit);
        var log = (int)query.Number("log", 0, 0, LogMap.MaxCount - 1);
        if (query.Fault is not null)
        {
            return query.Fault;
        }

        if (await grains.GetGrain<ILogReaderGrain>(0).EntriesAsync(log, after, limit, request.HttpContext.RequestAborted) is not { Entries: var entries } slice)
        {
            return Problems.Of(StatusCodes.Status404NotFound, "log-unknown", "log", "the number of a log; /health/ready lists them");
        }

        var items = entries.Select(entry => new EntryView(
            entry.Index, entry.Kind, Convert.ToHexStringLower(MerkleHash.Leaf(entry.Bytes)), JsonElement.Parse(entry.Bytes)));
        return TypedResults.Json(new EntryPage([.. items], slice.HasMore ? entries[^1].Index : null), ReadsJson.Default.EntryPage);
    }
}
