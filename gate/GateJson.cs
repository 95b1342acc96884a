using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Gates;

namespace CapOrleans.Gate;

/// <param name="CapId">Null for a sealed request, since the answer is not sealed.</param>
/// <param name="Warning">What the sender may not have intended; null for nothing.</param>
internal sealed record GateAnswer(string Status, string? CapId, string? Warning);

/// <param name="Warning">See <see cref="GateAnswer"/>.</param>
internal sealed record ReceivedAnswer(string Status, string? CapId, string? IncidentId, string? Warning);

/// <summary>Answers to hosts: snake case, members in the legacy order.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GateAnswer))]
[JsonSerializable(typeof(ReceivedAnswer))]
internal sealed partial class GateJson : JsonSerializerContext;

/// <summary>Answers to operators: camel case, as under the API's <c>/v1</c>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(GateStatus))]
[JsonSerializable(typeof(SealingKeyAnswer))]
[JsonSerializable(typeof(DeadPage))]
[JsonSerializable(typeof(GateReadiness))]
internal sealed partial class GateStatusJson : JsonSerializerContext;
