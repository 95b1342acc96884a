using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Support;

/// <summary>Incidents as a host would send them.</summary>
public static class TestIncident
{
    public static PrivateKey Key(string hex) => PrivateKey.TryParse(hex, out var key) ? key : throw new ArgumentException("no key", nameof(hex));

    public static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A signed incident; <paramref name="change"/> runs before it is signed.</summary>
    public static JsonObject Signed(PrivateKey key, string capId, string incidentId, DateTimeOffset at, Action<JsonObject>? change = null)
    {
        var incident = new JsonObject
        {
            ["task_id"] = incidentId,
            ["cap_id"] = capId,
            ["agent"] = "capos.local",
            ["timestamp"] = Text(at),
            ["severity"] = "normal",
            ["description"] = "nginx failed to restart",
            ["f_e"] = 0.5,
            ["m_e"] = 0.1,
        };
        change?.Invoke(incident);
        return Sign(incident, key);
    }

    public static JsonObject Sign(JsonObject incident, PrivateKey key)
    {
        string Member(string name) => (string)incident[name]!;
        incident["signer"] = key.Address.ToString();
        incident["signature"] = key.Sign(IdentityV1.Hash(Member("task_id"), Member("cap_id"), Member("agent"), Member("timestamp"))).ToString();
        return incident;
    }

    /// <summary>Signs the incident over every field.</summary>
    public static JsonObject SignFull(this JsonObject incident, PrivateKey key, long chainId = AdmissionPolicy.DevChainId)
    {
        incident["scheme"] = FullV2.Scheme;
        incident["signer"] = key.Address.ToString();
        incident["signature"] = key.Sign(FullV2.Hash(incident.Report(), chainId)).ToString();
        return incident;
    }

    public static JsonObject Without(this JsonObject incident, string member)
    {
        incident.Remove(member);
        return incident;
    }

    public static byte[] Bytes(this JsonObject incident) => Encoding.UTF8.GetBytes(incident.ToJsonString());

    public static IncidentReport Report(this JsonObject incident) =>
        IncidentReader.Read(incident.Bytes()) is { Report: { } report } ? report : throw new ArgumentException("no report", nameof(incident));
}
