using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Escalation;

namespace CapOrleans.Api.Escalation;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    Converters = [typeof(InstantConverter)])]
[JsonSerializable(typeof(LadderRequest))]
[JsonSerializable(typeof(LadderView))]
[JsonSerializable(typeof(LadderView[]))]
[JsonSerializable(typeof(LadderPreview))]
[JsonSerializable(typeof(RotationRequest))]
[JsonSerializable(typeof(RotationOverrideRequest))]
[JsonSerializable(typeof(RotationView))]
[JsonSerializable(typeof(RotationView[]))]
[JsonSerializable(typeof(ShiftView[]))]
[JsonSerializable(typeof(SilenceRequest))]
[JsonSerializable(typeof(SilenceView))]
[JsonSerializable(typeof(SilenceView[]))]
internal sealed partial class EscalationJson : JsonSerializerContext;
