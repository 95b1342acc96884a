using System.Text.Json;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Reads;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Access;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.MerkleTree;
using CapOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Mvc;

namespace CapOrleans.Api.Streams;

/// <summary>
/// Endpoints that send Server-Sent Events as things happen; a client that reconnects resumes where it stopped.
/// </summary>
internal static class StreamEndpoints
{
    private const string LastEventId = "Last-Event-ID", ContentType = "text/event-stream";

    /// <summary>Maximum entries examined per read.</summary>
    private const int PageLimit = 50;

    private const string Rule = "the id of an event of this stream, within the current logs; -1 for the beginning";

    public static void MapStreams(this IEndpointRouteBuilder app)
    {
        var slots = app.ServiceProvider.GetRequiredService<StreamSlots>();
        app.MapGet("/v1/incidents/stream", IncidentsAsync).RequireAuthorization(OperatorAccess.Reader).AddEndpointFilter(slots)
            .Produces<IncidentView>(200, ContentType).ProducesProblem(400).ProducesProblem(503)
            .WithSummary("Incidents as they are accepted and answered, as Server-Sent Events")
            .WithDescription("An event is named as its entry in the log (incident.accepted, incident.acknowledged, " +
                "incident.resolved, ...); its data is "
                + "the incident's current state as in GET /v1/incidents/{capId}/{incidentId}. Its id is its index in the log; where " +
                    "there are several "
                + "logs, the index of each, separated by commas. Starts with new events, or after Last-Event-ID (or the query's after; " +
                    "-1 for the "
                + "beginning). A heartbeat event without data carries the position every 15 seconds. Ends after 10 minutes: reconnect. "
                + "Query: cap (a pattern in which * matches any characters), severity or minSeverity as in GET /v1/incidents, after.");
        app.MapGet("/v1/audit/stream", EntriesAsync).RequireAuthorization(OperatorAccess.Reader).AddEndpointFilter(slots)
            .Produces<EntryView>(200, ContentType).ProducesProblem(400).ProducesProblem(404).ProducesProblem(503)
            .WithSummary("A log's entries as they are committed, as Server-Sent Events")
            .WithDescription("An event is named as the entry's kind; its data is the entry as GET /v1/audit shows it, its id the " +
                "index. Starts, resumes "
                + "and ends like /v1/incidents/stream. Query: log (its number, 0 by default), kind (one or more, " +
                    "separated by commas), after.");
    }

    private static async Task<IResult> IncidentsAsync(
        [AsParameters] IncidentStreamQuery described, HttpContext context, LogHeads heads, EventStream stream, IGrainFactory grains)
    {
        var query = new QueryReader(context.Request.Query, IncidentStreamQuery.Names);
        var filter = new IncidentEventFilter(
            query.Text("cap", pattern => pattern.Length <= CapIdPattern.MaxLength,
                $"a pattern of at most {CapIdPattern.MaxLength} characters"),
            query.Severities());
        var reader = grains.GetGrain<ILogReaderGrain>(0);
        return query.Fault ?? await FollowAsync(context, heads, stream, null, async (log, after, token) =>
            await reader.EventsAsync(log, after, PageLimit, filter, token) is { } slice
                ? new StreamSlice(
                    [.. slice.Events.Select(one => (one.Index, one.Kind, JsonSerializer.Serialize(one.Incident,
                        ReadsJson.Default.IncidentView)))],
                    slice.Through)
                : null);
    }

    private static async Task<IResult> EntriesAsync(
        [AsParameters] EntryStreamQuery described, HttpContext context, LogHeads heads, EventStream stream, IGrainFactory grains)
    {
        var query = new QueryReader(context.Request.Query, EntryStreamQuery.Names);
        var followed = (int)query.Number("log", 0, 0, LogMap.MaxCount - 1);
        var kinds = query.Text("kind", text => Array.TrueForAll(text.Split(','), IsKind), "kinds of entries, separated by commas")?
            .Split(',');
        var reader = grains.GetGrain<ILogReaderGrain>(0);
        return query.Fault ?? await FollowAsync(context, heads, stream, followed, async (log, after, token) =>
            await reader.EntriesAsync(log, after, PageLimit, token) is { } slice
                ? new StreamSlice(
                    [.. slice.Entries.Where(entry => kinds is null || kinds.Contains(entry.Kind)).Select(entry => (entry.Index,
                        entry.Kind, Data(entry)))],
                    slice.Entries is [.., var newest] ? newest.Index : after)
                : null);
    }

    private static bool IsKind(string kind) => EntryMeanings.All.Any(known => known.Kind == kind);

    private static string Data(LogEntry entry) => JsonSerializer.Serialize(
        new EntryView(entry.Index, entry.Kind, Convert.ToHexStringLower(MerkleHash.Leaf(entry.Bytes)), JsonElement.Parse(entry.Bytes)),
        ReadsJson.Default.EntryView);

    /// <param name="log">Number of the log; null for all.</param>
    private static async Task<IResult> FollowAsync(
        HttpContext context, LogHeads heads, EventStream stream, int? log, Func<int, long, CancellationToken, Task<StreamSlice?>> read)
    {
        var listening = await heads.ListenAsync(context.RequestAborted);
        context.Response.RegisterForDispose(listening);
        if (log >= listening.Sizes.Count)
        {
            return Problems.Of(StatusCodes.Status404NotFound, "log-unknown", "log", "the number of a log; /health/ready lists them");
        }

        IReadOnlyList<int> logs = log is { } one ? [one] : [.. Enumerable.Range(0, listening.Sizes.Count)];
        var sizes = logs.Select(number => listening.Sizes[number]).ToList();
        var (header, after) = (context.Request.Headers[LastEventId].ToString(), context.Request.Query["after"].ToString());
        var (name, text) = header.Length > 0 ? (LastEventId, header) : ("after", after);
        if ((text.Length == 0 ? StreamPosition.AtEnd(sizes) : StreamPosition.Parse(text, sizes)) is not { } position)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-query", name, Rule);
        }

        context.Response.Headers["X-Accel-Buffering"] = "no"; // makes nginx forward each event immediately
        return TypedResults.ServerSentEvents(stream.FollowAsync(logs, position, read, IsStillAuthorizedAsync, context.RequestAborted));

        async Task<bool> IsStillAuthorizedAsync() => context.Request.Headers.Authorization.ToString().Split(' ')[^1] is var key
            && (!ApiKey.TryParse(key, out _) || await context.RequestServices.GetRequiredService<OperatorKeys>().FindAsync(key) is not null);
    }
}

/// <summary>Query of <c>GET /v1/incidents/stream</c>.</summary>
internal sealed record IncidentStreamQuery(
    [FromQuery(Name = "cap")] string? Cap, [FromQuery(Name = "severity")] string? Severity,
    [FromQuery(Name = "minSeverity")] string? MinSeverity, [FromQuery(Name = "after")] string? After,
    [FromHeader(Name = "Last-Event-ID")] string? LastEventId)
{
    public static readonly string[] Names = ["cap", "severity", "minSeverity", "after"];
}

/// <summary>Query of <c>GET /v1/audit/stream</c>.</summary>
internal sealed record EntryStreamQuery(
    [FromQuery(Name = "log")] string? Log, [FromQuery(Name = "kind")] string? Kind, [FromQuery(Name = "after")] string? After,
    [FromHeader(Name = "Last-Event-ID")] string? LastEventId)
{
    public static readonly string[] Names = ["log", "kind", "after"];
}
