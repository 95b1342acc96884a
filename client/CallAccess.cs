namespace CapOrleans.Client;

/// <summary>Credentials that a call needs.</summary>
public enum CallAccess
{
    /// <summary>Nothing, or a signature in the body.</summary>
    Open = 0,

    /// <summary>An API key of any scope; a node may allow local reads without one.</summary>
    Read = 1,

    /// <summary>An API key of scope <c>operate</c> or <c>admin</c>; at a gate, its token.</summary>
    Operate = 2,
}

/// <summary>Options that the client sets on its requests, for the handlers of an <see cref="HttpClient"/>.</summary>
public static class CallOptions
{
    public static HttpRequestOptionsKey<CallAccess> Access { get; } = new("caporleans-access");

    /// <summary>Whether repeating the request is safe: what was done already is not done twice.</summary>
    public static HttpRequestOptionsKey<bool> IsRepeatable { get; } = new("caporleans-repeatable");

    public static T? Of<T>(HttpRequestMessage request, HttpRequestOptionsKey<T> key) =>
        request.Options.TryGetValue(key, out var value) ? value : default;
}
