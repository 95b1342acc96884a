using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Operations;

namespace CapOrleans.Api.Operations;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(AnchorRestart))]
[JsonSerializable(typeof(Limit[]))]
[JsonSerializable(typeof(Readiness))]
internal sealed partial class OperationsJson : JsonSerializerContext;
