namespace CapOrleans.Gate;

/// <summary>The gate as an ASP.NET application of its own, on its own port.</summary>
public static class CapGate
{
    /// <param name="http">Never redirected; its timeout bounds how long a host waits.</param>
    public static WebApplication Build(WebApplicationBuilder builder, GateOptions options, HttpClient http)
    {
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(http);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<LocalEscalation>();
        builder.Services.AddSingleton<BatchForwarder>();
        builder.Services.AddHostedService(services => services.GetRequiredService<BatchForwarder>());
        builder.Services.AddSingleton<GateEndpoint>();
        var app = builder.Build();
        var endpoint = app.Services.GetRequiredService<GateEndpoint>();
        app.Run(endpoint.AnswerAsync);
        return app;
    }
}
