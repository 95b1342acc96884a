using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Access;

namespace CapOrleans.Api.Access;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // two spellings of one name would be two meanings of one signed text
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(OperatorRequest))]
[JsonSerializable(typeof(OperatorView))]
[JsonSerializable(typeof(OperatorView[]))]
internal sealed partial class AccessJson : JsonSerializerContext;
