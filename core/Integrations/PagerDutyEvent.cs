using System.Security.Cryptography;
using System.Text.Json;
using CapOrleans.Core.Access;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Core.Integrations;

public enum EventAction
{
    Trigger,
    Acknowledge,
    Resolve,
}

/// <summary>An event in the format of PagerDuty's Events API v2, as its clients send it.</summary>
/// <param name="RoutingKey">Key of an integration: secret.</param>
/// <param name="DedupKey">Of a trigger without one, a new one.</param>
/// <param name="Incident">Null unless it is a trigger.</param>
public sealed record PagerDutyEvent(string RoutingKey, EventAction Action, string DedupKey, ForeignIncident? Incident)
{
    /// <summary>PagerDuty's severities; only the first two page people at the default paging floor.</summary>
    private static readonly Dictionary<string, string> Severities = new(StringComparer.Ordinal)
    {
        ["critical"] = Severity.Critical, ["error"] = Severity.High, ["warning"] = Severity.Normal, ["info"] = Severity.Normal,
    };

    /// <returns>Either an event, or what is wrong with it.</returns>
    public static (PagerDutyEvent? Event, IReadOnlyList<string> Errors) Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return (null, ["The event must be a JSON object."]);
        }

        var member = new Members([]);
        var routingKey = member.Text(root, "routing_key", "routing_key");
        var dedupKey = member.Text(root, "dedup_key", "dedup_key");
        var action = member.Text(root, "event_action", "event_action") switch
        {
            "trigger" => EventAction.Trigger,
            "acknowledge" => EventAction.Acknowledge,
            "resolve" => EventAction.Resolve,
            _ => (EventAction?)null,
        };
        member.Require(routingKey is { Length: IntegrationKey.Length }, $"'routing_key' must be {IntegrationKey.Length} characters long");
        member.Require(action is not null, "'event_action' must be one of trigger, acknowledge, resolve");
        member.Require(
            dedupKey is not null || action is null or EventAction.Trigger,
            "'dedup_key' is missing: it names what to acknowledge or resolve");
        member.Require(
            dedupKey is null || PrintableText.IsValid(dedupKey, Grouping.MaxDedupKeyLength),
            $"'dedup_key' must be {PrintableText.Rule(Grouping.MaxDedupKeyLength)}");
        var id = RandomNumberGenerator.GetHexString(24, lowercase: true);
        var incident = action == EventAction.Trigger ? ReadIncident(root, member, id, dedupKey ?? id) : null;
        return member.Errors.Count > 0
            ? (null, member.Errors)
            : (new PagerDutyEvent(routingKey!, action!.Value, dedupKey ?? id, incident), []);
    }

    private static ForeignIncident? ReadIncident(JsonElement root, Members member, string id, string dedupKey)
    {
        if (!root.TryGetProperty("payload", out var payload) || payload.ValueKind != JsonValueKind.Object)
        {
            member.Errors.Add("'payload' must be an object");
            return null;
        }

        var summary = member.Text(payload, "summary", "payload.summary");
        var source = member.Text(payload, "source", "payload.source");
        var severity = member.Text(payload, "severity", "payload.severity");
        member.Require(!string.IsNullOrWhiteSpace(summary), "'payload.summary' is missing or blank");
        member.Require(!string.IsNullOrWhiteSpace(source), "'payload.source' is missing or blank");
        member.Require(
            severity is not null && Severities.ContainsKey(severity),
            $"'payload.severity' must be one of {string.Join(", ", Severities.Keys)}");
        return member.Errors.Count > 0 ? null : new ForeignIncident(
            $"pd-{id}", source!, Severities[severity!], summary!, dedupKey,
            root.EnumerateObject().Where(one => one.Name is not ("routing_key" or "event_action" or "dedup_key")));
    }

    /// <summary>Reads members, and collects what is wrong with them, since a sender gets all of it at once.</summary>
    private sealed record Members(List<string> Errors)
    {
        public string? Text(JsonElement parent, string name, string path)
        {
            if (!parent.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            {
                return null;
            }

            Require(value.ValueKind == JsonValueKind.String, $"'{path}' must be a string");
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }

        public void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                Errors.Add(otherwise);
            }
        }
    }
}
