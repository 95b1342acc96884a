using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CapOrleans.Core.CanonicalJson;

/// <summary>
/// The canonical text that the legacy clients hash: Python's <c>json.dumps(obj, sort_keys=True)</c>.
/// Names sorted by code point, separators <c>", "</c> and <c>": "</c>, ASCII only, floats as Python's
/// shortest repr, integers kept exactly.
/// </summary>
public static class ReferenceJson
{
    /// <summary>Python refuses to read an integer with more digits than this.</summary>
    private const int MaxIntegerDigits = 4300;

    /// <returns>ASCII.</returns>
    /// <exception cref="JsonException">The element has no canonical text: not Unicode, or a
    /// number out of range.</exception>
    public static byte[] Canonicalize(JsonElement element) => CanonicalForm<Form>.Write(element);

    /// <summary>Returns a number as Python's json module reads and prints it.</summary>
    public static string Number(JsonElement number)
    {
        var text = number.GetRawText();
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
        {
            return Repr(double.Parse(text, CultureInfo.InvariantCulture));
        }

        return text.Length > MaxIntegerDigits ? throw new JsonException($"An integer has more than {MaxIntegerDigits} digits.")
            : text == "-0" ? "0"
            : text;
    }

    /// <summary>Python's <c>repr</c>: positional for exponents from -4 to 15, scientific otherwise.</summary>
    public static string Repr(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new JsonException("A number is too large for a double.");
        }

        var shortest = ShortestDecimal.Of(value);
        var text = shortest.Point is <= -4 or > 16 ? shortest.Scientific(exponentDigits: 2)
            : shortest.Point >= shortest.Digits.Length ? shortest.Fixed() + ".0"
            : shortest.Fixed();
        return shortest.Negative ? "-" + text : text;
    }

    /// <summary>
    /// Returns a string as Python prints it: quoted, everything outside printable ASCII escaped by UTF-16 unit.
    /// </summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            if (JsonEscapes.Of(c) is { } escape)
            {
                quoted.Append(escape);
            }
            else if (c < 0x7F)
            {
                quoted.Append(c);
            }
            else
            {
                quoted.Append(JsonEscapes.Unit(c));
            }
        }

        return quoted.Append('"').ToString();
    }

    private readonly struct Form : ICanonicalForm
    {
        public static ReadOnlySpan<byte> ItemSeparator => ", "u8;

        public static ReadOnlySpan<byte> NameSeparator => ": "u8;

        /// <summary>
        /// Compares by code point; UTF-16 order differs once a name has a character beyond the first plane.
        /// </summary>
        public static int CompareNames(string left, string right)
        {
            var length = Math.Min(left.Length, right.Length);
            for (var i = 0; i < length; i++)
            {
                var (a, b) = (left[i], right[i]);
                if (a != b)
                {
                    return char.IsSurrogate(a) != char.IsSurrogate(b) ? (char.IsSurrogate(a) ? 1 : -1) : a - b;
                }
            }

            return left.Length - right.Length;
        }

        public static void WriteString(string text, IBufferWriter<byte> output) =>
            Encoding.ASCII.GetBytes(Quote(text), output);

        public static string Number(JsonElement number) => ReferenceJson.Number(number);
    }
}
