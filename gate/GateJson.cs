using System.Text.Json.Serialization;

namespace CapOrleans.Gate;

internal sealed record GateAnswer(string Status, string CapId);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(GateAnswer))]
internal sealed partial class GateJson : JsonSerializerContext;
