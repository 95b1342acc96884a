using System.Text.Json;
using System.Text.Json.Serialization;

namespace CapOrleans.Api.Answers;

/// <summary>A time in a request must have its offset: without one, it would be read in this machine's time zone.</summary>
internal sealed class InstantConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && HasOffset(reader.GetString()!) && reader.TryGetDateTimeOffset(out var instant)
            ? instant : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);

    /// <returns>Whether the text ends with <c>Z</c> or, as in <c>+01:00</c>, an offset.</returns>
    private static bool HasOffset(string text) => text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
}
