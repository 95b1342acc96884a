using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Api.Webhooks;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(WebhookRequest))]
[JsonSerializable(typeof(WebhookView))]
[JsonSerializable(typeof(WebhookView[]))]
[JsonSerializable(typeof(WebhookTestView))]
[JsonSerializable(typeof(WebhookChangeRequest))]
[JsonSerializable(typeof(RedeliveryRequest))]
[JsonSerializable(typeof(RedeliveryView))]
[JsonSerializable(typeof(DeliveryListAnswer))]
[JsonSerializable(typeof(JsonWebKeySet))]
internal sealed partial class WebhooksJson : JsonSerializerContext;
