using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Api.Updates;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(UpdateBody))]
[JsonSerializable(typeof(IncidentView))]
internal sealed partial class UpdatesJson : JsonSerializerContext;
