using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Access;

namespace CapOrleans.Api.Access;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(OperatorRequest))]
[JsonSerializable(typeof(OperatorView))]
[JsonSerializable(typeof(OperatorView[]))]
internal sealed partial class AccessJson : JsonSerializerContext;
