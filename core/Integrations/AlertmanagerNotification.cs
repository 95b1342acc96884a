using System.Globalization;
using System.Text.Json;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Integrations;

/// <summary>An alert, which is one incident from its start to its end, however often it is sent.</summary>
/// <param name="IncidentId">The same for each notification of this alert since it started.</param>
/// <param name="Incident">Null when the alert is resolved.</param>
public sealed record Alert(string IncidentId, ForeignIncident? Incident);

/// <summary>A notification of Prometheus Alertmanager's webhook, version 4.</summary>
public static class AlertmanagerNotification
{
    public const int MaxAlerts = 500;

    /// <summary>
    /// Labels by which rules commonly tell how severe an alert is; others rank as normal, which pages no one at the
    /// default paging floor.
    /// </summary>
    private static readonly Dictionary<string, string> Severities = new(StringComparer.OrdinalIgnoreCase)
    {
        ["critical"] = Severity.Critical, ["escalated"] = Severity.Escalated, ["high"] = Severity.High, ["error"] = Severity.High,
        ["page"] = Severity.High,
    };

    /// <returns>Either the alerts, or a refusal that names the member and the rule.</returns>
    public static (IReadOnlyList<Alert>? Alerts, Refusal? Refusal) Read(JsonElement root, IntegrationReference integration)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("version", out var version)
            || version.ValueKind != JsonValueKind.String || version.GetString() != "4")
        {
            return (null, new Refusal("invalid-field", "version", "\"4\": a notification of Alertmanager's webhook"));
        }

        if (!root.TryGetProperty("alerts", out var alerts) || alerts.ValueKind != JsonValueKind.Array
            || alerts.GetArrayLength() > MaxAlerts)
        {
            return (null, new Refusal("invalid-field", "alerts", $"a list of at most {MaxAlerts} alerts; Alertmanager sends no more " +
                "with max_alerts in its webhook_configs"));
        }

        var read = new List<Alert>();
        foreach (var alert in alerts.EnumerateArray())
        {
            if (ReadAlert(alert, integration) is not { } one)
            {
                return (null, new Refusal("invalid-field", $"alerts[{read.Count}]", "an alert with a status of firing or resolved, " +
                    "a fingerprint of hex digits, a startsAt of RFC 3339, and labels"));
            }

            read.Add(one);
        }

        return (read, null);
    }

    private static Alert? ReadAlert(JsonElement alert, IntegrationReference integration)
    {
        if (Text(alert, "status") is not ("firing" or "resolved")
            || Text(alert, "fingerprint") is not { Length: >= 1 and <= 64 } fingerprint || !fingerprint.All(char.IsAsciiHexDigit)
            || !DateTimeOffset.TryParse(
                Text(alert, "startsAt"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var startsAt)
            || !alert.TryGetProperty("labels", out var labels) || labels.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var id = string.Create(CultureInfo.InvariantCulture, $"am-{integration.Id}-{fingerprint}-{startsAt.ToUnixTimeMilliseconds()}");
        if (Text(alert, "status") == "resolved")
        {
            return new Alert(id, null);
        }

        var annotations = alert.TryGetProperty("annotations", out var given) ? given : default;
        var name = Text(labels, "alertname") ?? fingerprint;
        string?[] said = [Text(annotations, "summary") ?? name, Text(annotations, "description")];
        return new Alert(id, new ForeignIncident(
            id, Text(labels, "instance") ?? Text(labels, "job") ?? name,
            Severities.GetValueOrDefault(Text(labels, "severity") ?? "", Severity.Normal),
            string.Join('\n', said.OfType<string>().Distinct()), null, alert.EnumerateObject()));
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;
}
