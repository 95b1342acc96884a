using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Gates;

namespace CapOrleans.Api.Gates;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // two spellings of one name would be two meanings of one signed text
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(GateBody))]
[JsonSerializable(typeof(HeartbeatBody))]
[JsonSerializable(typeof(GateView[]))]
internal sealed partial class GatesJson : JsonSerializerContext;
