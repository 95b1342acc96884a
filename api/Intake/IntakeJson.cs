using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Api.Intake;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(AcceptedAnswer))]
[JsonSerializable(typeof(IncidentRequest))]
[JsonSerializable(typeof(LineVerdict))]
internal sealed partial class IntakeJson : JsonSerializerContext;
