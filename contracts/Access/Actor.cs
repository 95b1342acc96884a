using Orleans;

namespace CapOrleans.Contracts.Access;

/// <summary>Who asked for a change, as the change's log entry names them (<c>by</c>, <c>byName</c>).</summary>
/// <param name="Id"><c>key:</c> and an API key's id, <c>openid:</c> and a token's subject, <c>service</c>, or <c>anonymous</c>.</param>
/// <param name="Name">The API key's name; null where there is none.</param>
[GenerateSerializer, Immutable, Alias("cap.actor.v1")]
public sealed record Actor([property: Id(0)] string Id, [property: Id(1)] string? Name)
{
    /// <summary>What a start does by itself, such as the first API key.</summary>
    public static Actor Service { get; } = new("service", null);

    /// <summary>A caller without a key, where a setting lets one in.</summary>
    public static Actor Anonymous { get; } = new("anonymous", null);
}
