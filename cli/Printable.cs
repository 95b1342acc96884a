using System.Globalization;
using System.Text;
using CapOrleans.Core.Access;

namespace CapOrleans.Cli;

/// <summary>
/// Text without what a terminal or a reader would take for more than text: control characters other than line ends and
/// tabs, marks that change the writing direction, and all other invisible characters (the categories Cc, Cf, Zl and
/// Zp). The output of servers, logs and commands may contain them.
/// </summary>
internal static class Printable
{
    /// <summary>
    /// Cleans several lines: such characters are removed, and half of a surrogate pair becomes U+FFFD.
    /// </summary>
    public static string Text(ReadOnlySpan<char> text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsPrintable(rune))
            {
                clean.Append(rune);
            }
        }

        return clean.ToString();
    }

    /// <summary>Cleans text within a line: line ends and tabs become spaces.</summary>
    public static string Line(string text) => Text(text).Replace('\n', ' ').Replace('\t', ' ');

    /// <param name="json">Serialized JSON, which has none of these characters outside strings.</param>
    /// <returns>The same JSON; such characters within strings are written as <c>\uXXXX</c>.</returns>
    public static string Json(string json)
    {
        var clean = new StringBuilder(json.Length);
        Span<char> units = stackalloc char[2];
        foreach (var rune in json.EnumerateRunes())
        {
            if (IsPrintable(rune))
            {
                clean.Append(rune);
                continue;
            }

            foreach (var unit in units[..rune.EncodeToUtf16(units)])
            {
                clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            }
        }

        return clean.ToString();
    }

    private static bool IsPrintable(Rune rune) => rune.Value is '\n' or '\t' || PrintableText.IsVisible(rune);
}
