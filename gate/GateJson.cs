using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;

namespace CapOrleans.Gate;

/// <param name="CapId">Null for what came sealed: the answer is not.</param>
internal sealed record GateAnswer(string Status, string? CapId);

internal sealed record ReceivedAnswer(string Status, string? CapId, string? IncidentId);

/// <summary>What hosts get: snake case, members in the old order.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GateAnswer))]
[JsonSerializable(typeof(ReceivedAnswer))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(ProblemDetails))]
internal sealed partial class GateJson : JsonSerializerContext;

/// <summary>What operators get: camel case, as under the API's <c>/v1</c>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(GateStatus))]
[JsonSerializable(typeof(SealingKeyAnswer))]
[JsonSerializable(typeof(DeadPage))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(IReadOnlyCollection<string>))]
[JsonSerializable(typeof(List<long>))]
internal sealed partial class GateStatusJson : JsonSerializerContext;
