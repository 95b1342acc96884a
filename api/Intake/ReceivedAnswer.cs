using System.Text.Json.Serialization;

namespace CapOrleans.Api.Intake;

/// <summary>Of the legacy <c>POST /incident</c>.</summary>
internal sealed record ReceivedAnswer(string Status, string Hash);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ReceivedAnswer))]
internal sealed partial class ReceivedJson : JsonSerializerContext;
