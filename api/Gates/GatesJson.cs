using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Gates;

namespace CapOrleans.Api.Gates;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(GateBody))]
[JsonSerializable(typeof(HeartbeatBody))]
[JsonSerializable(typeof(GateView[]))]
internal sealed partial class GatesJson : JsonSerializerContext;
