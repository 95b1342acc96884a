using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Access;

namespace CapOrleans.Api.Integrations;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false,
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(IntegrationRequest))]
[JsonSerializable(typeof(IntegrationView))]
[JsonSerializable(typeof(IntegrationView[]))]
[JsonSerializable(typeof(EventRequest))]
[JsonSerializable(typeof(EventAnswer))]
[JsonSerializable(typeof(AlertsRequest))]
[JsonSerializable(typeof(AlertsAnswer))]
internal sealed partial class IntegrationsJson : JsonSerializerContext;
