using System.Text.Json;
using System.Text.Unicode;

namespace CapOrleans.Core.CanonicalJson;

/// <summary>
/// JSON as RFC 7493 (I-JSON) requires it: valid UTF-8, no byte order mark, no duplicate member, no lone surrogate.
/// </summary>
public static class StrictJson
{
    /// <summary>Maximum depth of nesting of any document here.</summary>
    public const int MaxDepth = 32;

    private static readonly JsonDocumentOptions Options = new()
    {
        AllowDuplicateProperties = false,
        CommentHandling = JsonCommentHandling.Disallow,
        MaxDepth = MaxDepth,
    };

    /// <param name="extraDepth">Additional levels, for a document that contains such a document.</param>
    /// <exception cref="JsonException">The text breaks a rule; the message says which and where.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, int extraDepth = 0)
    {
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new JsonException("The text is not valid UTF-8.");
        }

        try
        {
            if (utf8.Span.IndexOf("\\ud"u8) >= 0 || utf8.Span.IndexOf("\\uD"u8) >= 0)
            {
                ReadStrings(utf8.Span);
            }

            return JsonDocument.Parse(utf8, extraDepth == 0 ? Options : Options with { MaxDepth = MaxDepth + extraDepth });
        }
        catch (InvalidOperationException fault)
        {
            throw LoneSurrogate(fault);
        }
    }

    /// <summary>Parsing unescapes no string, so that half of a pair would be found only by whoever reads it.</summary>
    private static void ReadStrings(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = int.MaxValue });
        while (reader.Read())
        {
            if (reader is { ValueIsEscaped: true, TokenType: JsonTokenType.String or JsonTokenType.PropertyName })
            {
                reader.GetString();
            }
        }
    }

    /// <summary>Counts members before a document is parsed, at a fraction of the cost.</summary>
    /// <returns>
    /// False when the text, read up to its first error, has more than <paramref name="members"/> members.
    /// </returns>
    public static bool HasAtMost(int members, ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            while (members >= 0 && reader.Read())
            {
                members -= reader.TokenType == JsonTokenType.PropertyName ? 1 : 0;
            }
        }
        catch (JsonException)
        {
            // Parsing the text reports what is wrong.
        }

        return members >= 0;
    }

    internal static JsonException LoneSurrogate(Exception fault) =>
        new("A string holds half of a surrogate pair.", fault);
}
