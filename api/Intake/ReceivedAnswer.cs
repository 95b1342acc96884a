using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace CapOrleans.Api.Intake;

/// <summary>Response of the legacy <c>POST /incident</c>.</summary>
/// <param name="Warning">Possible mistake in the incident; omitted when there is none.</param>
internal sealed record ReceivedAnswer(
    string Status, string Hash, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Warning);

/// <summary>Response of the legacy <c>POST /notify</c>.</summary>
/// <param name="Response">What became of it; omitted when it is invalid.</param>
/// <param name="Code">The status that <c>POST /v1/incidents</c> would have; omitted when it is invalid.</param>
/// <param name="Reason">Omitted unless it is invalid.</param>
internal sealed record NotifiedAnswer(
    [property: AllowedValues("notified", "failed", "invalid")] string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Response = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Code = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ReceivedAnswer))]
[JsonSerializable(typeof(NotifiedAnswer))]
internal sealed partial class ReceivedJson : JsonSerializerContext;
