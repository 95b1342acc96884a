using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Grains.Webhooks;

[GenerateSerializer, Alias("cap.webhooks-state.v1")]
internal sealed class WebhooksState
{
    [Id(0)] public List<WebhookEndpoint> Endpoints { get; set; } = [];

    /// <summary>Changes whose entries may not be in the log yet, in order.</summary>
    [Id(1)] public List<WebhookChange> Changes { get; set; } = [];

    /// <summary>Number of the next change.</summary>
    [Id(2)] public long NextChange { get; set; }
}

/// <summary>A change, with what its log entry will contain.</summary>
/// <param name="Number">The entry is in the log when the offset is above this number.</param>
/// <param name="Reason">Only for <c>webhook.disabled</c>.</param>
[GenerateSerializer, Immutable, Alias("cap.webhook-change.v1")]
internal sealed record WebhookChange(
    [property: Id(0)] long Number,
    [property: Id(1)] string Kind,
    [property: Id(2)] DateTimeOffset At,
    [property: Id(3)] string Webhook,
    [property: Id(4)] string Host,
    [property: Id(5)] Actor Actor,
    [property: Id(6)] string? Reason);
