using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace CapOrleans.HttpEdge.Telemetry;

/// <summary>The metrics of this process, in Prometheus' text format: the same on each of its ports.</summary>
public static class MetricsEndpoint
{
    public const string Path = "/metrics";

    /// <param name="before">Collects what is known only on request; or answers by itself, and returns false.</param>
    /// <returns>To set who may call it; null in a process that measures nothing.</returns>
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
