using System.Text.Json.Serialization;

namespace CapOrleans.Api.Intake;

/// <summary>Response of the legacy <c>POST /incident</c>.</summary>
/// <param name="Warning">Possible mistake in the incident; omitted when there is none.</param>
internal sealed record ReceivedAnswer(
    string Status, string Hash, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Warning);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ReceivedAnswer))]
internal sealed partial class ReceivedJson : JsonSerializerContext;
