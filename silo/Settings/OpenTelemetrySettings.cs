using System.Globalization;

namespace CapOrleans.Silo.Settings;

/// <summary>
/// Settings of the OpenTelemetry SDK, under its own names and with its own defaults, except for which traces are kept.
/// </summary>
public static class OpenTelemetrySettings
{
    /// <summary>URL of the collector; without it nothing is sent.</summary>
    public const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string Sampler = "OTEL_TRACES_SAMPLER", SamplerArgument = "OTEL_TRACES_SAMPLER_ARG";

    private static readonly string[] Names =
    [
        Endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_METRIC_EXPORT_INTERVAL",
        Sampler, SamplerArgument, "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
    ];

    /// <summary>Share of the traces that begin here that is kept by default: one in a hundred.</summary>
    private const double DefaultShare = 0.01;

    public static IReadOnlyDictionary<string, string> Read(Func<string, string?> find) =>
        Names.Select(name => (Name: name, Text: find(name))).Where(setting => !string.IsNullOrEmpty(setting.Text))
            .ToDictionary(setting => setting.Name, setting => setting.Text!, StringComparer.Ordinal);

    /// <returns>
    /// The share of the traces that begin here that is kept; null where <c>OTEL_TRACES_SAMPLER</c> names a sampler of
    /// the SDK.
    /// </returns>
    public static double? ShareOf(IReadOnlyDictionary<string, string> settings) => settings.ContainsKey(Sampler) ? null
        : settings.TryGetValue(SamplerArgument, out var text)
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? share
        : DefaultShare;
}
