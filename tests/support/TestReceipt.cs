using System.Text.Json;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Tests.Support;

/// <summary>The cluster's answer to an incident that it accepted.</summary>
public static class TestReceipt
{
    public static string Of(string capId, string incidentId) => JsonSerializer.Serialize(
        new AcceptedAnswer(
            incidentId, capId, "normal", "identity-v1", 0, new string('a', 64), "bafkreia", DateTimeOffset.UnixEpoch,
            new LogPosition("origin", 0, new string('b', 64))),
        JsonSerializerOptions.Web);

    /// <param name="incident">The incident as the gate sent it.</param>
    public static string Of(JsonElement incident) => Of(incident.Text("cap_id"), incident.Text("task_id"));
}
