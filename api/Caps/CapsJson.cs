using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Caps;

namespace CapOrleans.Api.Caps;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(CapDefinition))]
[JsonSerializable(typeof(CapView))]
[JsonSerializable(typeof(CapPage))]
[JsonSerializable(typeof(Correction))]
[JsonSerializable(typeof(ScorePage))]
[JsonSerializable(typeof(ChangeBody))]
internal sealed partial class CapsJson : JsonSerializerContext;
