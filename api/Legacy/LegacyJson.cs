using System.Text.Json.Serialization;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Api.Legacy;

/// <summary>The legacy calls' bodies: snake case, members in the legacy order, no white space.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditRecord))]
[JsonSerializable(typeof(RegistrationAnswer))]
[JsonSerializable(typeof(RegistrationRequest))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(AuditAnswer))]
[JsonSerializable(typeof(SummaryAnswer))]
internal sealed partial class LegacyJson : JsonSerializerContext;
