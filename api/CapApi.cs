using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Api.Archive;
using CapOrleans.Api.Caps;
using CapOrleans.Api.Escalation;
using CapOrleans.Api.Gates;
using CapOrleans.Api.Heartbeats;
using CapOrleans.Api.Intake;
using CapOrleans.Api.Integrations;
using CapOrleans.Api.Legacy;
using CapOrleans.Api.Operations;
using CapOrleans.Api.Reads;
using CapOrleans.Api.Settings;
using CapOrleans.Api.Signing;
using CapOrleans.Api.Streams;
using CapOrleans.Api.Updates;
using CapOrleans.Api.Webhooks;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Answers;
using CapOrleans.HttpEdge.Descriptions;
using CapOrleans.HttpEdge.Limits;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CapOrleans.Api;

/// <summary>
/// The HTTP front: turns requests into grain calls and verdicts into responses. It contains no business rules.
/// </summary>
public static class CapApi
{
    public static IServiceCollection AddCapApi(this IServiceCollection services, ApiOptions options)
    {
        services.AddSingleton(_ => options);
        services.AddOperatorAccess(options.OpenReads, options.OpenRegistration, options.OpenId);
        services.AddSingleton(_ => new AddressRateLimit(options.RequestsPerSecondPerAddress));
        services.AddSingleton<BatchSlots>();
        services.AddSingleton(_ => new AddressTurns());
        services.AddSingleton<SignedChangeLimiter>();
        services.AddSingleton<Intake.Intake>();
        services.AddSingleton<IntegrationKeys>();
        services.AddSingleton<ForeignIncidents>();
        services.AddSingleton<ReadSlots>();
        services.AddSingleton<LogHeads>();
        services.AddHostedService(provider => provider.GetRequiredService<LogHeads>());
        services.AddSingleton<EventStream>();
        services.AddSingleton<StreamSlots>();
        services.AddSingleton<ClusterMetrics>();
        if (options.SendsMetrics)
        {
            services.AddHostedService<ClusterMetricsRefresh>();
        }

        services.AddSingleton<CachedReadiness>();
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
        services.ConfigureHttpJsonOptions(json => Array.ForEach(
            (IJsonTypeInfoResolver[])[
                ProblemsJson.Default, WebhooksJson.Default, ReadsJson.Default, OperationsJson.Default, IntakeJson.Default, GatesJson.Default, CapsJson.Default,
                ArchiveJson.Default, AccessJson.Default, IntegrationsJson.Default, HeartbeatsJson.Default,
            ],
            context => json.SerializerOptions.TypeInfoResolverChain.Insert(0, context)));
        services.AddProblemDetails();
        OpenApiDocument.Add(services, ApiDescription.Describe);
        return services;
    }

    public static WebApplication UseCapApi(this WebApplication app)
    {
        ActivatorUtilities.CreateInstance<Faults>(app.Services).Use(app, AnswerFault);
        app.UseStatusCodePages(answer => AnswerStatus(answer.HttpContext.Response.StatusCode).ExecuteAsync(answer.HttpContext));
        app.Services.GetRequiredService<AddressRateLimit>().Use(app);
        app.UseAuthentication();
        var options = app.Services.GetRequiredService<ApiOptions>();
        app.RefuseForeignAnonymousCalls(options.OpenReads || options.OpenRegistration);
        app.UseAuthorization();
        app.MapIntake();
        app.MapLegacy();
        app.MapReads();
        app.MapStreams();
        app.MapSigning();
        app.MapUpdates();
        app.MapCaps();
        app.MapHeartbeats();
        app.MapOperations();
        app.MapAnchors();
        app.MapGates();
        app.MapWebhooks();
        app.MapDeliveries();
        app.MapLadders();
        app.MapRotations();
        app.MapSilences();
        app.MapArchive();
        app.MapOperators();
        app.MapIntegrations();
        app.MapEvents();
        app.MapAlertmanager();
        OpenApiDocument.Map(app);
        DocsPage.Map(app);
        return app;
    }

    /// <summary>Returns the problem for a request that no endpoint handled.</summary>
    private static ProblemHttpResult AnswerStatus(int status) => status switch
    {
        StatusCodes.Status404NotFound => Problems.Of(status, "no-such-resource", "", "No resource has this path; see /openapi/v1.json."),
        StatusCodes.Status405MethodNotAllowed => Problems.Of(status, "method-not-allowed", "", "This path does not " +
            "support this method; see /openapi/v1.json."),
        StatusCodes.Status415UnsupportedMediaType => Problems.Of(status, "not-json-content", "Content-Type", $"application/json; for /v1/incidents:batch {Core.Incidents.BatchLines.ContentType}"),
        _ => Problems.Of(status, "refused", "", "The request was refused."),
    };

    /// <summary>
    /// Returns the problem for an unhandled exception: an unreadable request is the client's fault, and a transient
    /// fault of the cluster is worth a retry.
    /// </summary>
    /// <returns>Null for any other exception.</returns>
    private static ProblemHttpResult? AnswerFault(Exception fault) =>
        fault is BadHttpRequestException bad ? Problems.Of(bad.StatusCode, "bad-request", "", bad.Message)
        : ClusterFaults.IsTransient(fault)
            ? Problems.Of(StatusCodes.Status503ServiceUnavailable, "unavailable", "", "The cluster is temporarily " +
                "unavailable; send the same request again.")
            : null;
}
