using System.Text.Json;
using System.Text.Unicode;

namespace CapOrleans.Core.CanonicalJson;

/// <summary>JSON as RFC 7493 (I-JSON) wants it: valid UTF-8, no byte order mark, no member twice, no lone surrogate.</summary>
public static class StrictJson
{
    /// <summary>Levels of nesting that any document here may have.</summary>
    public const int MaxDepth = 32;

    private static readonly JsonDocumentOptions Options = new()
    {
        AllowDuplicateProperties = false,
        CommentHandling = JsonCommentHandling.Disallow,
        MaxDepth = MaxDepth,
    };

    /// <exception cref="JsonException">The text breaks a rule; the message says which and where.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new JsonException("The text is not valid UTF-8.");
        }

        try
        {
            return JsonDocument.Parse(utf8, Options);
        }
        catch (InvalidOperationException fault)
        {
            throw LoneSurrogate(fault);
        }
    }

    internal static JsonException LoneSurrogate(Exception fault) =>
        new("A string holds half of a surrogate pair.", fault);
}
