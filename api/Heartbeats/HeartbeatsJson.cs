using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Heartbeats;

namespace CapOrleans.Api.Heartbeats;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(HeartbeatRequest))]
[JsonSerializable(typeof(HeartbeatView))]
[JsonSerializable(typeof(HeartbeatView[]))]
internal sealed partial class HeartbeatsJson : JsonSerializerContext;
