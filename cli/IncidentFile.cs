using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli;

/// <summary>An incident in a file: completed, signed, checked. Members that are there are never changed.</summary>
internal static class IncidentFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="file">A path, or <c>-</c> for standard input.</param>
    public static JsonObject Read(string file) => Parse(file, Encoding.UTF8.GetBytes(CapEnvironment.Read(file, "an incident as a JSON object")));

    private static JsonObject Parse(string file, byte[] json)
    {
        try
        {
            using var document = StrictJson.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? JsonObject.Create(document.RootElement.Clone())!
                : throw new CliFaultException(ExitCodes.Misconfigured, $"{file} holds no JSON object.");
        }
        catch (JsonException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} is not JSON: {fault.Message}");
        }
    }

    /// <summary>Adds what is missing of id, CapID, agent and time, then signs with the scheme that the incident names, or identity-v1.</summary>
    public static void Sign(JsonObject incident, PrivateKey key)
    {
        Complete(incident);
        var report = Check(incident);
        incident["signer"] = key.Address.ToString();
        incident["signature"] = key.Sign(Admission.SignedHash(report, CapEnvironment.ChainId)).ToString();
    }

    private static void Complete(JsonObject incident)
    {
        if (incident["task_id"] is null && incident["incident_id"] is null)
        {
            incident["task_id"] = $"INC-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        }

        incident["cap_id"] ??= CapEnvironment.CapId;
        incident["agent"] ??= CapEnvironment.AgentId;
        incident["timestamp"] ??= TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        incident["signer"] = null; // read below without it
        incident["signature"] = null;
    }

    /// <exception cref="CliFaultException">A member breaks its rule; the message names both.</exception>
    public static IncidentReport Check(JsonObject incident) => Check(Bytes(incident));

    public static IncidentReport Check(byte[] incident)
    {
        var (report, refusal) = IncidentReader.Read(incident);
        return report ?? throw new CliFaultException(
            ExitCodes.Misconfigured, refusal!.Field.Length == 0 ? refusal.Rule : $"{refusal.Field}: {refusal.Rule}");
    }

    public static string Indent(JsonNode json) => json.ToJsonString(Indented);

    public static byte[] Bytes(JsonObject incident) => Encoding.UTF8.GetBytes(Indent(incident));
}
