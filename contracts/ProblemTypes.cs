namespace CapOrleans.Contracts;

/// <summary>The <c>type</c> of a problem (RFC 9457) is a URN whose last part is its name; names are stable.</summary>
public static class ProblemTypes
{
    private const string Prefix = "urn:caporleans:problem:";

    public static string Of(string name) => Prefix + name;

    /// <returns>Null when the type is none of ours: what a proxy or a login page says is no answer about an incident.</returns>
    public static string? NameOf(string? type) => type?.StartsWith(Prefix, StringComparison.Ordinal) == true ? type[Prefix.Length..] : null;
}
