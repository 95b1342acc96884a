using System.Globalization;
using System.Text;

namespace CapOrleans.Core.Access;

/// <summary>
/// The rule for names and reasons that people enter and entries keep forever: a reader must see every character.
/// </summary>
public static class PrintableText
{
    /// <param name="text">Null is not printable text.</param>
    /// <param name="maxLength">In UTF-16 units.</param>
    /// <returns>
    /// Whether it has 1 to <paramref name="maxLength"/> units, each rune is visible (<see cref="IsVisible"/>), none is
    /// half of a surrogate pair or U+FFFD, and neither end is white space.
    /// </returns>
    public static bool IsValid(string? text, int maxLength) => text is { Length: >= 1 } && text.Length <= maxLength
        && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1])
        && text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar && IsVisible(rune));

    /// <summary>The rule as text, for refusals.</summary>
    public static string Rule(int maxLength) => $"1 to {maxLength} printable characters, without a space at either end";

    /// <summary>
    /// Whether the rune is visible: no control character, nothing that changes the direction of writing, no end of a
    /// line; that is, of none of the categories Cc, Cf, Zl and Zp.
    /// </summary>
    public static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
