using System.Text.Json.Serialization;

namespace CapOrleans.Api.Intake;

/// <summary>Of the legacy <c>POST /incident</c>.</summary>
/// <param name="Warning">What its sender may not have meant; left out when there is nothing to say.</param>
internal sealed record ReceivedAnswer(
    string Status, string Hash, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Warning);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ReceivedAnswer))]
internal sealed partial class ReceivedJson : JsonSerializerContext;
