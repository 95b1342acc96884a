using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Caps;

namespace CapOrleans.Gate.Keys;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(CapView))]
internal sealed partial class KeyListJson : JsonSerializerContext;
