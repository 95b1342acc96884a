using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Escalation;

namespace CapOrleans.Api.Escalation;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // two spellings of one name would be two meanings of one signed text
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(LadderRequest))]
[JsonSerializable(typeof(LadderView))]
[JsonSerializable(typeof(LadderView[]))]
[JsonSerializable(typeof(LadderPreview))]
internal sealed partial class EscalationJson : JsonSerializerContext;
