using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace CapOrleans.HttpEdge.Telemetry;

/// <summary>What this process measures, in Prometheus' text format: the same at each of its ports.</summary>
public static class MetricsEndpoint
{
    public const string Path = "/metrics";

    /// <param name="before">Reads what is only known when it is asked for; or answers by itself, and returns false.</param>
    /// <returns>For what its callers must be; null in a process that measures nothing.</returns>
    public static IEndpointConventionBuilder? Map(IEndpointRouteBuilder app, Func<HttpContext, Task<bool>> before) =>
        app.ServiceProvider.GetService<MeterProvider>() is not { } meters ? null
            : app.MapPrometheusScrapingEndpoint(Path, meters, pipeline => pipeline.Use(async (context, next) =>
            {
                if (await before(context))
                {
                    await next(context);
                }
            }), optionsName: null);
}
