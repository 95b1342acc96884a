using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Gates;
using CapOrleans.Contracts.Incidents;
using Microsoft.AspNetCore.Mvc;

namespace CapOrleans.Api;

/// <summary>Everything that leaves or enters under <c>/v1</c>, in camel case.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // two spellings of one name would be two meanings of one signed text
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(IncidentView))]
[JsonSerializable(typeof(IncidentPage))]
[JsonSerializable(typeof(Intake.AcceptedAnswer))]
[JsonSerializable(typeof(Intake.IncidentRequest))]
[JsonSerializable(typeof(Intake.LineVerdict))]
[JsonSerializable(typeof(CapDefinition))]
[JsonSerializable(typeof(CapView))]
[JsonSerializable(typeof(Access.OperatorRequest))]
[JsonSerializable(typeof(Access.OperatorView))]
[JsonSerializable(typeof(Access.OperatorView[]))]
[JsonSerializable(typeof(Correction))]
[JsonSerializable(typeof(ScorePage))]
[JsonSerializable(typeof(Caps.ChangeBody))]
[JsonSerializable(typeof(Webhooks.WebhookRequest))]
[JsonSerializable(typeof(Webhooks.WebhookView))]
[JsonSerializable(typeof(Webhooks.WebhookView[]))]
[JsonSerializable(typeof(Webhooks.WebhookTestView))]
[JsonSerializable(typeof(Archive.CheckRequest))]
[JsonSerializable(typeof(Archive.CheckAnswer))]
[JsonSerializable(typeof(Gates.GateBody))]
[JsonSerializable(typeof(Gates.HeartbeatBody))]
[JsonSerializable(typeof(GateView[]))]
[JsonSerializable(typeof(AnchorRestart))]
[JsonSerializable(typeof(Operations.Limit[]))]
[JsonSerializable(typeof(Operations.Readiness))]
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(Reads.EntryPage))]
internal sealed partial class ApiJson : JsonSerializerContext;

/// <summary>The old calls' bodies: snake case, members in the old order, no white space.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditRecord))]
[JsonSerializable(typeof(Legacy.ReceivedAnswer))]
[JsonSerializable(typeof(Legacy.RegistrationAnswer))]
[JsonSerializable(typeof(Legacy.RegistrationRequest))]
[JsonSerializable(typeof(Legacy.ErrorAnswer))]
[JsonSerializable(typeof(Legacy.AuditAnswer))]
[JsonSerializable(typeof(Legacy.SummaryAnswer))]
internal sealed partial class LegacyJson : JsonSerializerContext;
