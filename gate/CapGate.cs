using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Keys;
using CapOrleans.Gate.Presence;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Gate;

/// <summary>The gate as an ASP.NET application of its own, on its own port.</summary>
public static class CapGate
{
    /// <param name="http">Never redirected; its timeout bounds how long one request to the cluster may take.</param>
    /// <param name="pager">For <c>Gate__EscalateUrl</c>, whose server is not the cluster's: it trusts others, and shows no certificate.</param>
    /// <exception cref="IOException">The spool is another gate's, or cannot be written.</exception>
    public static WebApplication Build(WebApplicationBuilder builder, GateOptions options, HttpClient http, HttpClient pager)
    {
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(http);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(_ => new AddressRateLimit(options.PerSecondPerAddress));
        builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<LocalEscalation>(services, pager));
        builder.Services.AddSingleton<ClusterLink>();
        builder.Services.AddSingleton<KeySource>();
        builder.Services.AddSingleton<LookupHealth>();
        builder.Services.AddSingleton<KeyLists>();
        builder.Services.AddSingleton<ProvenQueues>();
        builder.Services.AddSingleton<RecentCounts>();
        builder.Services.AddSingleton<ArrivalJudge>();
        builder.Services.AddSingleton<IncidentSpool>();
        builder.Services.AddSingleton(_ => new SpoolFile(options.SpoolFile, TimeProvider.System));
        builder.Services.AddSingleton(options.Spool);
        builder.Services.AddSingleton<Forwarder>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Forwarder>());
        builder.Services.AddSingleton<Heartbeats>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Heartbeats>());
        builder.Services.AddSingleton<IntakeEndpoint>();
        var app = builder.Build();
        var intake = app.Services.GetRequiredService<IntakeEndpoint>();
        app.Services.GetRequiredService<AddressRateLimit>().Use(app);
        app.MapPost("/gate_receive", intake.AnswerLegacyAsync);
        app.MapPost("/v1/incidents", intake.AnswerAsync);
        app.MapStatus(options);
        app.MapSealingKey(options);
        app.MapFallback("{**path}", async (HttpContext context) =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync("Not Found");
        });
        return app;
    }
}
