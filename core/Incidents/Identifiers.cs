using System.Buffers;

namespace CapOrleans.Core.Incidents;

/// <summary>The alphabets of names that are used in grain keys, paths and signed text.</summary>
public static class Identifiers
{
    public const int MaxLength = 128;
    public const int MaxAgentLength = 256;
    public const string Rule = "1 to 128 characters of A-Z a-z 0-9 . _ : - (not only dots)";
    public const string AgentRule = "1 to 256 printable characters; without | under identity-v1";

    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");

    /// <summary>
    /// Whether the text is a valid CapID or incident id. Dots alone are refused: in a URL,
    /// they would lead to another path.
    /// </summary>
    public static bool IsId(string text) =>
        text.Length is >= 1 and <= MaxLength && !text.AsSpan().ContainsAnyExcept(Alphabet) && text.AsSpan().ContainsAnyExcept('.');

    public static bool IsAgent(string text) => text.Length is >= 1 and <= MaxAgentLength && !text.Any(char.IsControl);

    /// <summary>For a name that is signed with <c>|</c> as the separator.</summary>
    public static bool IsAgentWithoutBar(string text) => IsAgent(text) && !text.Contains('|', StringComparison.Ordinal);
}
