using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CapOrleans.Core.CanonicalJson;

/// <summary>
/// The JSON Canonicalization Scheme: names sorted by UTF-16 unit, no white space, numbers as ECMAScript prints them.
/// </summary>
public static class Rfc8785
{
    /// <returns>UTF-8.</returns>
    /// <exception cref="JsonException">The element has no canonical text: not Unicode, or a
    /// number out of range.</exception>
    public static byte[] Canonicalize(JsonElement element) => CanonicalForm<Form>.Write(element);

    internal static void WriteString(string text, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (JsonEscapes.Of(text[i]) is { } escape)
            {
                Encoding.UTF8.GetBytes(text.AsSpan(start, i - start), output);
                Encoding.ASCII.GetBytes(escape, output);
                start = i + 1;
            }
        }

        Encoding.UTF8.GetBytes(text.AsSpan(start), output);
        output.Write("\""u8);
    }

    private static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            throw new JsonException("A number is too large for a double.");
        }

        if (value == 0)
        {
            return "0";
        }

        var shortest = ShortestDecimal.Of(value);
        var text = shortest.Point is > -6 and <= 21 ? shortest.Fixed() : shortest.Scientific(exponentDigits: 1);
        return shortest.Negative ? "-" + text : text;
    }

    private readonly struct Form : ICanonicalForm
    {
        public static ReadOnlySpan<byte> ItemSeparator => ","u8;

        public static ReadOnlySpan<byte> NameSeparator => ":"u8;

        public static int CompareNames(string left, string right) => string.CompareOrdinal(left, right);

        public static void WriteString(string text, IBufferWriter<byte> output) => Rfc8785.WriteString(text, output);

        public static string Number(JsonElement number) =>
            Rfc8785.Number(double.Parse(number.GetRawText(), CultureInfo.InvariantCulture));
    }
}
