using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Client.Signing;

/// <summary>
/// Completes, signs and checks incidents. Of existing members, only <c>signer</c> and <c>signature</c> are replaced.
/// </summary>
public static class IncidentSigner
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Adds an id and a time where they are missing, then signs with the scheme that the incident names, or
    /// identity-v1.
    /// </summary>
    /// <param name="chainId">Chain id of the deployment, for full-v2.</param>
    /// <exception cref="FormatException">A member breaks its rule; the message names both.</exception>
    public static void Sign(JsonObject incident, PrivateKey key, long chainId, TimeProvider time)
    {
        if (incident["task_id"] is null && incident["incident_id"] is null)
        {
            incident["task_id"] = $"INC-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        }

        incident["timestamp"] ??= time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        incident["signer"] = null; // checked below without it
        incident["signature"] = null;
        var report = Check(Bytes(incident));
        incident["signer"] = key.Address.ToString();
        incident["signature"] = key.Sign(Admission.SignedHash(report, chainId)).ToString();
    }

    /// <summary>Parses an incident, signed or not.</summary>
    /// <exception cref="FormatException">A member breaks its rule; the message names both.</exception>
    public static IncidentReport Check(byte[] incident)
    {
        var (report, refusal) = IncidentReader.Read(incident);
        return report ?? throw new FormatException(refusal!.Field.Length == 0 ? refusal.Rule : $"{refusal.Field}: {refusal.Rule}");
    }

    /// <summary>Returns an incident as it is sent.</summary>
    public static byte[] Bytes(JsonObject incident) => Encoding.UTF8.GetBytes(incident.ToJsonString(Json));
}
