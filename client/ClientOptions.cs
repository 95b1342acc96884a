namespace CapOrleans.Client;

public sealed record ClientOptions
{
    /// <summary>
    /// An API key, or the token of a gate; null when a handler of the <see cref="HttpClient"/> adds it.
    /// </summary>
    public string? Token { get; init; }

    /// <summary>Headers of every request, besides its own.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
