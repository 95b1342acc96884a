namespace CapOrleans.Silo.Settings;

/// <summary>
/// Settings of the OpenTelemetry SDK, under its own names and with its own defaults, except that one trace of a hundred is kept.
/// </summary>
public static class OpenTelemetrySettings
{
    /// <summary>Of the collector; without it nothing is sent anywhere.</summary>
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string Sampler = "OTEL_TRACES_SAMPLER", SamplerArgument = "OTEL_TRACES_SAMPLER_ARG";

    private static readonly string[] Names =
    [
        Endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_METRIC_EXPORT_INTERVAL",
        Sampler, SamplerArgument, "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
    ];

    public static IReadOnlyDictionary<string, string> Read(Func<string, string?> find)
    {
        var settings = Names.Select(name => (Name: name, Text: find(name))).Where(setting => !string.IsNullOrEmpty(setting.Text))
            .ToDictionary(setting => setting.Name, setting => setting.Text!, StringComparer.Ordinal);
        if (!settings.ContainsKey(Sampler))
        {
            settings[Sampler] = "parentbased_traceidratio";
            settings.TryAdd(SamplerArgument, "0.01");
        }

        return settings;
    }
}
