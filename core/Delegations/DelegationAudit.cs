using System.Text;
using System.Text.Json;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Core.Delegations;

/// <summary>
/// Checks an agent-to-agent delegation log as the legacy verifier did: consecutive links connect, every scope used was
/// granted in its link, and the task was acknowledged and closed. The result has the legacy member names and order.
/// </summary>
public static class DelegationAudit
{
    private const string Closed = "task_complete_chain_closed";

    /// <param name="log">A JSON object with <c>cap_id</c>, <c>chain</c>,
    /// <c>acknowledgement</c> and <c>final_ack</c>.</param>
    /// <returns>The result as JSON text.</returns>
    public static string Of(JsonElement log, DateTimeOffset now)
    {
        var links = Items(log, "chain").ToList();
        (bool Valid, string Message)[] checks = [Integrity(links), ScopeUse(links), Acknowledgements(log)];
        using var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("cap_id", Text(log, "cap_id"));
            json.WriteString("audit_timestamp", Entry.Instant(now));
            json.WriteStartObject("verifications");
            foreach (var (name, check) in ((string[])["chain_integrity", "scope_use", "acknowledgements"]).Zip(checks))
            {
                json.WriteStartObject(name);
                json.WriteBoolean("valid", check.Valid);
                json.WriteString("message", check.Message);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            WriteSnapshot(json, log, links, incident: checks.Any(check => !check.Valid));
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static (bool Valid, string Message) Integrity(List<JsonElement> links)
    {
        if (links.Count < 2)
        {
            return (false, "Chain too short or missing");
        }

        for (var i = 0; i < links.Count - 1; i++)
        {
            if (Text(links[i], "delegated_to") is not { } next || next != Text(links[i + 1], "agent"))
            {
                return (false, $"Broken delegation between step {i} and {i + 1}");
            }
        }

        return (true, "Chain delegation consistent");
    }

    private static (bool Valid, string Message) ScopeUse(List<JsonElement> links)
    {
        for (var i = 0; i < links.Count; i++)
        {
            var granted = Texts(links[i], "scope").ToHashSet(StringComparer.Ordinal);
            if (Texts(links[i], "used_scope").FirstOrDefault(scope => !granted.Contains(scope)) is { } stray)
            {
                return (false, $"Scope '{stray}' used in step {i} was not granted");
            }
        }

        return (true, "All used scopes valid");
    }

    private static (bool Valid, string Message) Acknowledgements(JsonElement log) =>
        Member(log, "acknowledgement") is not { } acknowledgement || Member(acknowledgement, "task_confirmed") is not { ValueKind: JsonValueKind.True }
            ? (false, "Task not confirmed")
        : Member(log, "final_ack") is not { } final || Text(final, "status") != Closed
            ? (false, "Chain not closed")
        : (true, "ACKs valid");

    private static void WriteSnapshot(Utf8JsonWriter json, JsonElement log, List<JsonElement> links, bool incident)
    {
        json.WriteStartObject("cap_chain_snapshot");
        json.WriteStartArray("delegation_chain");
        foreach (var link in links)
        {
            json.WriteStringValue($"{Text(link, "agent")} \u2192 {Text(link, "delegated_to")}");
        }

        json.WriteEndArray();
        json.WriteString("final_ack", Member(log, "final_ack") is { } final ? Text(final, "status") : null);
        json.WriteString("last_action", links.Count > 0 ? Text(links[^1], "timestamp") : null);
        json.WriteStartArray("confirmed_scope");
        foreach (var scope in links.SelectMany(link => Texts(link, "used_scope")).Distinct().Order(StringComparer.Ordinal))
        {
            json.WriteStringValue(scope);
        }

        json.WriteEndArray();
        json.WriteBoolean("incident_flag", incident);
        json.WriteEndObject();
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : default;

    private static IEnumerable<string> Texts(JsonElement element, string name) =>
        Items(element, name).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!);
}
