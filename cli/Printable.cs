using System.Globalization;
using System.Text;
using CapOrleans.Core.Access;

namespace CapOrleans.Cli;

/// <summary>
/// Text without what a terminal or a reader would take for more than text: control characters other than line ends and tabs, marks that
/// turn the direction of writing, and everything else that is not seen (the categories Cc, Cf, Zl and Zp). What servers, logs and commands
/// print may hold them.
/// </summary>
internal static class Printable
{
    /// <summary>For several lines: such characters are left out, and half of a surrogate pair becomes U+FFFD.</summary>
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

    /// <summary>For a place within a line: line ends and tabs become spaces.</summary>
    public static string Line(string text) => Text(text).Replace('\n', ' ').Replace('\t', ' ');

    /// <param name="json">As it was serialized: outside of strings it has none of these characters.</param>
    /// <returns>The same JSON; within strings, such characters are written as <c>\uXXXX</c>.</returns>
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

    private static bool IsPrintable(Rune rune) => rune.Value is '\n' or '\t' || PrintableText.IsSeen(rune);
}
