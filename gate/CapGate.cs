using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Core.Sealing;
using CapOrleans.Gate.Answers;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Keys;
using CapOrleans.Gate.Presence;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;
using CapOrleans.Gate.Telemetry;
using CapOrleans.HttpEdge.Answers;
using CapOrleans.HttpEdge.Descriptions;
using CapOrleans.HttpEdge.Limits;
using CapOrleans.HttpEdge.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CapOrleans.Gate;

/// <summary>Builds the gate as an ASP.NET Core application of its own, on its own port.</summary>
public static class CapGate
{
    /// <param name="http">
    /// For the cluster's API. Follows no redirects; its timeout bounds one request to the cluster.
    /// </param>
    /// <param name="pager">
    /// For <c>Gate__EscalateUrl</c>, which is no part of the cluster: trusts the machine's authorities, not the
    /// cluster's, and presents no client certificate.
    /// </param>
    /// <exception cref="IOException">The spool is in use by another gate, or cannot be written.</exception>
    public static WebApplication Build(WebApplicationBuilder builder, GateOptions options, HttpClient http, HttpClient pager)
    {
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(http);
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(_ => new AddressRateLimit(options.PerSecondPerAddress));
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<LocalEscalation>(services, pager));
        builder.Services.AddSingleton<ClusterLink>();
        builder.Services.AddSingleton<KeySource>();
        builder.Services.AddSingleton<LookupHealth>();
        builder.Services.AddSingleton<KeyLists>();
        builder.Services.AddSingleton<ProvenQueues>();
        builder.Services.AddSingleton<RecentCounts>();
        builder.Services.AddSingleton<GateMetrics>();
        builder.Services.AddSingleton<ArrivalJudge>();
        builder.Services.AddSingleton<IncidentSpool>();
        builder.Services.AddSingleton(services => new SpoolFile(options.SpoolFile, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton(options.Spool);
        builder.Services.AddSingleton<Forwarder>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Forwarder>());
        builder.Services.AddSingleton<Heartbeats>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Heartbeats>());
        builder.Services.AddSingleton<IntakeEndpoint>();
        builder.Services.AddSingleton<HealthEndpoints.SpoolHealth>();
        builder.Services.AddOpenApiOfGate();
        var app = builder.Build();
        var intake = app.Services.GetRequiredService<IntakeEndpoint>();
        ActivatorUtilities.CreateInstance<Faults>(app.Services).Use(app, AnswerFault);
        app.Services.GetRequiredService<AddressRateLimit>().Use(app);
        app.MapPost("/gate_receive", (Delegate)intake.AnswerLegacyAsync).TakesIncident().Produces<GateAnswer>()
            .WithSummary("Legacy form: store an incident on the gate's disk");
        app.MapPost("/v1/incidents", (Delegate)intake.AnswerAsync).TakesIncident().Produces<ReceivedAnswer>(202)
            .WithSummary("Store an incident on the gate's disk and forward it to the cluster");
        app.MapStatus(options);
        app.MapHealth(options);
        _ = app.Services.GetRequiredService<GateMetrics>();
        MetricsEndpoint.Map(app, async context =>
        {
            if (StatusEndpoints.Refuse(context, options) is not { } refused)
            {
                return true;
            }

            await refused.ExecuteAsync(context);
            return false;
        });
        OpenApiDocument.Map(app);
        app.MapSealingKey(options);
        app.MapFallback("{**path}", async (HttpContext context) =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync("Not Found");
        });
        return app;
    }

    /// <summary>
    /// Answers a bad request with its own status, and a disk fault with 503: it is no fault of the gate, and the answer
    /// must not disclose a path.
    /// </summary>
    /// <returns>Null for any other fault, which is answered with 500.</returns>
    private static ProblemHttpResult? AnswerFault(Exception fault) => fault is BadHttpRequestException bad
        ? GateProblems.Of(bad.StatusCode, "bad-request", "", bad.Message)
        : SpoolFault.Is(fault)
        ? GateProblems.Of(StatusCodes.Status503ServiceUnavailable, "unavailable", "",
            "The gate cannot write to its disk at the moment; see spoolError in /v1/gate/status.")
        : null;

    private static RouteHandlerBuilder TakesIncident(this RouteHandlerBuilder route) => route
        .Accepts<JsonElement>(MediaTypeNames.Application.Json, SealedBody.ContentType, "*/*").WithTags("Incidents")
        .ProducesProblem(400).ProducesProblem(403).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(429)
        .ProducesProblem(503).ProducesProblem(507);

    private static void AddOpenApiOfGate(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, GateStatusJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, GateJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ProblemsJson.Default);
        });
        OpenApiDocument.Add(services, description => description.Describe(
            "CapOrleans gate", "Accepts signed incidents from hosts, stores them on its disk and forwards them to the cluster.",
            "The gate's own token, stored in DATA_DIR/gate-token on the gate.",
            new Dictionary<string, string>
            {
                ["Incidents"] = "Requests that hosts send.", ["Operations"] = "Waiting incidents and dead letters.",
                ["Health"] = "Liveness and readiness.",
            },
            path => path.StartsWith("v1/gate/", StringComparison.Ordinal) && !path.EndsWith("/sealing-key", StringComparison.Ordinal)));
    }
}
