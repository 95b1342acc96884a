using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Api.Updates;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // two spellings of one name would be two meanings of one signed text
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(UpdateBody))]
[JsonSerializable(typeof(IncidentView))]
internal sealed partial class UpdatesJson : JsonSerializerContext;
