using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Gates;

namespace CapOrleans.Gate;

/// <param name="CapId">Null for what came sealed: the answer is not.</param>
/// <param name="Warning">What its sender may not have meant.</param>
internal sealed record GateAnswer(string Status, string? CapId, string? Warning);

/// <param name="Warning">As of <see cref="GateAnswer"/>.</param>
internal sealed record ReceivedAnswer(string Status, string? CapId, string? IncidentId, string? Warning);

/// <summary>What hosts get: snake case, members in the legacy order.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GateAnswer))]
[JsonSerializable(typeof(ReceivedAnswer))]
internal sealed partial class GateJson : JsonSerializerContext;

/// <summary>What operators get: camel case, as under the API's <c>/v1</c>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(GateStatus))]
[JsonSerializable(typeof(SealingKeyAnswer))]
[JsonSerializable(typeof(DeadPage))]
[JsonSerializable(typeof(GateReadiness))]
internal sealed partial class GateStatusJson : JsonSerializerContext;
