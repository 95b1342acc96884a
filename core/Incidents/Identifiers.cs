using System.Buffers;

namespace CapOrleans.Core.Incidents;

/// <summary>The alphabets of the names that travel in grain keys, paths and signed text.</summary>
public static class Identifiers
{
    public const int MaxLength = 128;
    public const int MaxAgentLength = 256;
    public const string Rule = "1 to 128 characters of A-Z a-z 0-9 . _ : - (not only dots)";
    public const string AgentRule = "1 to 256 printable characters; without | under identity-v1";

    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");

    /// <summary>For CapIDs and incident ids. Only dots are refused: a path made of them means another path.</summary>
    public static bool IsId(string text) =>
        text.Length is >= 1 and <= MaxLength && !text.AsSpan().ContainsAnyExcept(Alphabet) && text.AsSpan().ContainsAnyExcept('.');

    public static bool IsAgent(string text) => text.Length is >= 1 and <= MaxAgentLength && !text.Any(char.IsControl);

    /// <summary>For a name that is signed between <c>|</c>.</summary>
    public static bool IsAgentWithoutBar(string text) => IsAgent(text) && !text.Contains('|', StringComparison.Ordinal);
}
