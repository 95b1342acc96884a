using System.Globalization;

namespace CapOrleans.Core.Incidents;

/// <summary>The time in an incident: signed as text, judged as an instant.</summary>
public static class SignedTime
{
    public const string Rule = "ISO 8601 UTC, for example 2026-11-24T02:00:00Z or 2026-11-24T02:00:00.123456Z";

    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"];

    /// <summary>
    /// Accepts up to nine fractional digits of a second; what is finer than 100 ns is dropped from
    /// the instant, not from the text.
    /// </summary>
    public static bool TryParse(string text, out DateTimeOffset instant)
    {
        const int firstDropped = 27; // yyyy-MM-ddTHH:mm:ss.fffffff
        var readable = text.EndsWith("+00:00", StringComparison.Ordinal) ? text[..^6] + 'Z' : text;
        for (var dropped = 0; dropped < 2 && readable.Length > firstDropped && char.IsAsciiDigit(readable[firstDropped]); dropped++)
        {
            readable = readable.Remove(firstDropped, 1);
        }

        return DateTimeOffset.TryParseExact(
            readable, Formats, CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);
    }
}
