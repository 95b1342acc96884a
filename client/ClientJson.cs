using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Gates;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Operations;
using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Client;

/// <summary>Responses of the service. Unknown members, which a newer version may add, are ignored.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false,
    NumberHandling = JsonNumberHandling.Strict,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(AcceptedAnswer))]
[JsonSerializable(typeof(BatchVerdict))]
[JsonSerializable(typeof(IncidentView))]
[JsonSerializable(typeof(IncidentPage))]
[JsonSerializable(typeof(CapView))]
[JsonSerializable(typeof(CapPage))]
[JsonSerializable(typeof(CapSummary))]
[JsonSerializable(typeof(ScorePage))]
[JsonSerializable(typeof(ScoreStep))]
[JsonSerializable(typeof(EntryView))]
[JsonSerializable(typeof(EntryPage))]
[JsonSerializable(typeof(IReadOnlyList<GateView>))]
[JsonSerializable(typeof(GateBody))]
[JsonSerializable(typeof(GateStatus))]
[JsonSerializable(typeof(DeadPage))]
[JsonSerializable(typeof(SealingKeyAnswer))]
[JsonSerializable(typeof(IReadOnlyList<HeartbeatView>))]
[JsonSerializable(typeof(IReadOnlyList<IntegrationView>))]
[JsonSerializable(typeof(IReadOnlyList<OperatorView>))]
[JsonSerializable(typeof(IReadOnlyList<WebhookView>))]
[JsonSerializable(typeof(IReadOnlyList<LadderView>))]
[JsonSerializable(typeof(LadderPreview))]
[JsonSerializable(typeof(IReadOnlyList<RotationView>))]
[JsonSerializable(typeof(IReadOnlyList<ShiftView>))]
[JsonSerializable(typeof(IReadOnlyList<SilenceView>))]
[JsonSerializable(typeof(WebhookTestView))]
[JsonSerializable(typeof(DeliveryView))]
[JsonSerializable(typeof(DeliveryListAnswer))]
[JsonSerializable(typeof(RedeliveryView))]
[JsonSerializable(typeof(CheckAnswer))]
[JsonSerializable(typeof(AnchorRestart))]
[JsonSerializable(typeof(Readiness))]
[JsonSerializable(typeof(IReadOnlyList<Limit>))]
public sealed partial class ClientJson : JsonSerializerContext;

/// <summary>Requests to the service; unset members are omitted.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CapDefinition))]
[JsonSerializable(typeof(ContextChange))]
[JsonSerializable(typeof(Correction))]
[JsonSerializable(typeof(OperatorRequest))]
[JsonSerializable(typeof(HeartbeatRequest))]
[JsonSerializable(typeof(IntegrationRequest))]
[JsonSerializable(typeof(WebhookRequest))]
[JsonSerializable(typeof(WebhookChangeRequest))]
[JsonSerializable(typeof(RedeliveryRequest))]
[JsonSerializable(typeof(LadderRequest))]
[JsonSerializable(typeof(RotationRequest))]
[JsonSerializable(typeof(RotationOverrideRequest))]
[JsonSerializable(typeof(SilenceRequest))]
[JsonSerializable(typeof(UpdateBody))]
[JsonSerializable(typeof(GateBody))]
[JsonSerializable(typeof(HeartbeatBody))]
[JsonSerializable(typeof(CheckRequest))]
internal sealed partial class RequestJson : JsonSerializerContext;
