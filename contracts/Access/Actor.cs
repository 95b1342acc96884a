using Orleans;

namespace CapOrleans.Contracts.Access;

/// <summary>Who requested a change, as the change's log entry records it (<c>by</c>, <c>byName</c>).</summary>
/// <param name="Id"><c>key:</c> and an API key's id, <c>openid:</c> and a token's subject,
/// <c>service</c>, or <c>anonymous</c>.</param>
/// <param name="Name">The API key's name; null when there is none.</param>
[GenerateSerializer, Immutable, Alias("cap.actor.v1")]
public sealed record Actor([property: Id(0)] string Id, [property: Id(1)] string? Name)
{
    /// <summary>The service itself, for example when it creates the first API key at startup.</summary>
    public static Actor Service { get; } = new("service", null);

    /// <summary>A caller without a key, where a setting admits one.</summary>
    public static Actor Anonymous { get; } = new("anonymous", null);
}
