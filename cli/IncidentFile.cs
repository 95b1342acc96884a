using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Client.Signing;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Settings;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli;

/// <summary>
/// Completes, signs and checks an incident from a file. Of existing members, only <c>signer</c> and <c>signature</c>
/// are replaced.
/// </summary>
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

    /// <summary>
    /// Adds the CapID, agent, id and time where they are missing, then signs with the scheme that the incident names,
    /// or identity-v1.
    /// </summary>
    /// <exception cref="CliFaultException">A member breaks its rule; the message names both.</exception>
    public static void Sign(JsonObject incident, PrivateKey key)
    {
        incident["cap_id"] ??= CapEnvironment.CapId;
        incident["agent"] ??= CapEnvironment.AgentId;
        try
        {
            IncidentSigner.Sign(incident, key, CapEnvironment.ChainId, TimeProvider.System);
        }
        catch (FormatException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, fault.Message);
        }
    }

    /// <summary>
    /// Refuses a member that looks misspelt: members that are not read are signed with the rest, and may have been
    /// meant for something.
    /// </summary>
    /// <exception cref="CliFaultException">A member's name is close to that of one that is read.</exception>
    public static void RequireKnown(JsonObject incident)
    {
        foreach (var name in Check(incident).UnreadMembers ?? [])
        {
            if (NearestName.OfTypo(name, IncidentReader.ReadMembers) is { } meant)
            {
                throw new CliFaultException(ExitCodes.Misconfigured, $"'{name}' is not a known member; did you mean '{meant}'?");
            }
        }
    }

    /// <exception cref="CliFaultException">A member breaks its rule; the message names both.</exception>
    public static IncidentReport Check(JsonObject incident) => Check(IncidentSigner.Bytes(incident));

    /// <inheritdoc cref="Check(JsonObject)"/>
    public static IncidentReport Check(byte[] incident)
    {
        try
        {
            return IncidentSigner.Check(incident);
        }
        catch (FormatException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, fault.Message);
        }
    }

    public static string Indent(JsonNode json) => json.ToJsonString(Indented);
}
