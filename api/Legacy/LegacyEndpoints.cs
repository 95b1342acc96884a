using System.Text.Json;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Reads;
using CapOrleans.Api.Webhooks;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Bodies;

namespace CapOrleans.Api.Legacy;

/// <summary>The legacy endpoints except <c>/incident</c>, with the legacy bodies.</summary>
internal static class LegacyEndpoints
{
    private const int FlushAt = 64 * 1024;

    public static void MapLegacy(this IEndpointRouteBuilder app)
    {
        var slots = app.ServiceProvider.GetRequiredService<ReadSlots>();
        app.MapPost("/register_alert", RegisterAsync).RequireAuthorization(OperatorAccess.OperatorOrOpen)
            .Accepts<RegistrationRequest>("application/json", "*/*").Produces<RegistrationAnswer>().ProducesProblem(400)
                .ProducesProblem(401).ProducesProblem(403).ProducesProblem(409)
            .WithSummary("Register a webhook, as the legacy clients do; POST /v1/webhooks also gives its secret");
        app.MapGet("/audit_log", ListAsync).RequireAuthorization(OperatorAccess.Reader)
            .AddEndpointFilter(slots)
            .WithSummary("All accepted incidents, in order of arrival, as the legacy clients read them");
        app.MapGet("/audit", AuditAsync).RequireAuthorization(OperatorAccess.Reader).AddEndpointFilter(slots)
            .WithSummary("The newest delegation audit");
        app.MapGet("/audit/summary", SummaryAsync).RequireAuthorization(OperatorAccess.Reader).AddEndpointFilter(slots)
            .WithSummary("The newest delegation audit in five members");
    }

    private static async Task<IResult> RegisterAsync(HttpContext context, IGrainFactory grains)
    {
        var (body, refused) = await BoundedBody.ReadAsync(context, IncidentReader.MaxRequestBytes);
        if (body is null)
        {
            return refused!;
        }

        string? url;
        try
        {
            using var document = StrictJson.Parse(body);
            url = document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("url", out var member) && member.ValueKind == JsonValueKind.String
                ? member.GetString() : null;
        }
        catch (JsonException fault)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "not-json", "", fault.Message);
        }
        catch (InvalidOperationException)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", "url", "valid Unicode");
        }

        if (string.IsNullOrEmpty(url))
        {
            return TypedResults.Json(new ErrorAnswer("no url provided"), LegacyJson.Default.ErrorAnswer, statusCode: StatusCodes.Status400BadRequest);
        }

        if (WebhookUrl.RefuseUnlessHttp(url) is { } refusal)
        {
            return refusal;
        }

        var ruling = await grains.GetGrain<IWebhooksGrain>(0).RegisterAsync(url, new WebhookOptions(IsLegacy: true),
            context.User.ToActor());
        return ruling.Verdict is WebhookVerdict.Changed or WebhookVerdict.Unchanged
            ? TypedResults.Json(new RegistrationAnswer("hook_registered", url), LegacyJson.Default.RegistrationAnswer)
            : WebhookEndpoints.Refuse(context, ruling.Verdict);
    }

    /// <summary>Streams the records: at most one page of each log is in memory, however long the logs are.</summary>
    private static async Task ListAsync(HttpContext context, IGrainFactory grains)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartArray();
        await foreach (var record in MergedRecords.ReadAsync(grains, context.RequestAborted))
        {
            JsonSerializer.Serialize(json, record, LegacyJson.Default.AuditRecord);
            if (json.BytesPending + context.Response.BodyWriter.UnflushedBytes > FlushAt)
            {
                await json.FlushAsync(context.RequestAborted);
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            }
        }

        json.WriteEndArray();
    }

    private static async Task<IResult> AuditAsync(IGrainFactory grains, CancellationToken cancellationToken) =>
        await LatestAsync(grains, cancellationToken) is { } audit
            ? TypedResults.Json(new AuditAnswer("success", audit), LegacyJson.Default.AuditAnswer)
            : NoAudit();

    private static async Task<IResult> SummaryAsync(IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (await LatestAsync(grains, cancellationToken) is not { } audit)
        {
            return NoAudit();
        }

        var checks = audit.GetProperty("verifications");
        return TypedResults.Json(
            new SummaryAnswer("success", new Summary(
                audit.GetProperty("cap_id").GetString(),
                audit.GetProperty("audit_timestamp").GetString(),
                checks.GetProperty("chain_integrity").GetProperty("valid").GetBoolean(),
                checks.GetProperty("acknowledgements").GetProperty("valid").GetBoolean(),
                audit.GetProperty("cap_chain_snapshot").GetProperty("incident_flag").GetBoolean())),
            LegacyJson.Default.SummaryAnswer);
    }

    private static async Task<JsonElement?> LatestAsync(IGrainFactory grains, CancellationToken cancellationToken)
    {
        if (await grains.GetGrain<ILogReaderGrain>(0).LatestAsync(EntryKinds.DelegationAudited, cancellationToken) is not { } entry)
        {
            return null;
        }

        using var document = JsonDocument.Parse(entry);
        using var result = JsonDocument.Parse(document.RootElement.GetProperty("body").GetProperty("result").GetString()!);
        return result.RootElement.Clone();
    }

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult NoAudit() => Problems.Of(
        StatusCodes.Status404NotFound, "no-audit", "", "No delegation log has been audited yet; see POST /v1/delegations.");
}
