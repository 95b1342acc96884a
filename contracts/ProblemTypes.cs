using System.Text.Json;

namespace CapOrleans.Contracts;

/// <summary>The <c>type</c> of a problem (RFC 9457) is a URN whose last part is its name; names are stable.</summary>
public static class ProblemTypes
{
    private const string Prefix = "urn:caporleans:problem:";

    public static string Of(string name) => Prefix + name;

    /// <returns>Of the problem in a body; null when it is none of ours.</returns>
    public static string? NameIn(byte[] body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement.ValueKind == JsonValueKind.Object
                && problem.RootElement.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? NameOf(type.GetString()) : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) // a name that is no text, too
        {
            return null;
        }
    }

    /// <returns>Null when the type is none of ours: what a proxy or a login page says is no answer about an incident.</returns>
    public static string? NameOf(string? type) => type?.StartsWith(Prefix, StringComparison.Ordinal) == true ? type[Prefix.Length..] : null;
}
