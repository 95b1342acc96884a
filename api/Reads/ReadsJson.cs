using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Api.Reads;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(IncidentView))]
[JsonSerializable(typeof(IncidentPage))]
[JsonSerializable(typeof(IncidentTimeline))]
[JsonSerializable(typeof(EntryPage))]
internal sealed partial class ReadsJson : JsonSerializerContext;
