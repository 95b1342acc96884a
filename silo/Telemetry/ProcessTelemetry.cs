using CapOrleans.Core.Telemetry;
using CapOrleans.Silo.Settings;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CapOrleans.Silo.Telemetry;

/// <summary>
/// The telemetry of this process, once for all of its parts: metrics at <c>/metrics</c> and, where
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names a collector, metrics and traces to that.
/// </summary>
internal sealed class ProcessTelemetry : IDisposable
{
    private readonly TracerProvider? traces;

    private ProcessTelemetry(MeterProvider meters, TracerProvider? traces) => (Meters, this.traces) = (meters, traces);

    public MeterProvider Meters { get; }

    public static ProcessTelemetry Start(NodeSettings settings)
    {
        // The SDK reads its own settings, under the names of its specification.
        var own = new ConfigurationBuilder().AddInMemoryCollection(settings.OpenTelemetry.Select(setting => KeyValuePair.Create(
            setting.Key, (string?)setting.Value))).Build();
        var meters = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(own))
            .ConfigureResource(Describe)
            .AddMeter(CapTelemetry.Api, CapTelemetry.Grains, CapTelemetry.Gate, "Npgsql", "System.Runtime")
            .AddMeter("Microsoft.Orleans", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http")
            .AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0);
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator()); // no baggage: see TraceParentPropagator
        var traces = !settings.SendsTelemetry ? null : WithSampler(Sdk.CreateTracerProviderBuilder(), settings)
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(own))
            .ConfigureResource(Describe)
            .AddSource(CapTelemetry.Source.Name)
            .AddAspNetCoreInstrumentation()
            .AddHttpClientInstrumentation()
            .AddNpgsql()
            .AddProcessor(new UrlsWithoutPaths())
            .AddOtlpExporter()
            .Build();
        return new ProcessTelemetry((settings.SendsTelemetry ? meters.AddOtlpExporter() : meters).Build(), traces);

        void Describe(ResourceBuilder resource) => resource.AddService(
            own["OTEL_SERVICE_NAME"] ?? "caporleans", serviceVersion: typeof(ProcessTelemetry).Assembly.GetName().Version?.ToString(3));
    }

    /// <summary>Sets our sampler, unless <c>OTEL_TRACES_SAMPLER</c> names one of the SDK's.</summary>
    private static TracerProviderBuilder WithSampler(TracerProviderBuilder traces, NodeSettings settings) =>
        settings.TraceShare is { } share ? traces.SetSampler(new BoundedParentSampler(share, TimeProvider.System)) : traces;

    public void Dispose()
    {
        traces?.Dispose();
        Meters.Dispose();
    }
}
