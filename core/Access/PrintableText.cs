using System.Globalization;
using System.Text;

namespace CapOrleans.Core.Access;

/// <summary>
/// The rule for names and reasons that people give and entries keep for ever: whoever reads one sees all of it.
/// </summary>
public static class PrintableText
{
    /// <param name="text">Null is none.</param>
    /// <param name="maxLength">In UTF-16 units.</param>
    /// <returns>
    /// It has 1 to <paramref name="maxLength"/> units, each rune is seen (<see cref="IsSeen"/>), none is half of a surrogate pair, and neither
    /// end is white space.
    /// </returns>
    public static bool Is(string? text, int maxLength) => text is { Length: >= 1 } && text.Length <= maxLength
        && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1])
        && text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar && IsSeen(rune));

    /// <summary>For refusals.</summary>
    public static string Rule(int maxLength) => $"1 to {maxLength} printable characters, without a space at either end";

    /// <summary>
    /// Not a control character, nothing that turns the direction of writing, no end of a line: none of the categories Cc, Cf, Zl and Zp.
    /// </summary>
    public static bool IsSeen(Rune rune) => Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
