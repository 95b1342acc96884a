using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.HttpEdge.Bodies;

namespace CapOrleans.Api.Answers;

/// <summary>
/// Reads a request body that is one JSON object of a known type; a refusal names the first invalid member.
/// </summary>
internal static class JsonBody
{
    /// <param name="what">The expected content, for the refusal.</param>
    /// <returns>The value and the body byte for byte, or the response to send instead.</returns>
    public static async Task<(T? Value, byte[] Bytes, IResult? Refused)> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, string what)
        where T : class
    {
        var (body, refused) = await BoundedBody.ReadAsync(context, IncidentReader.MaxRequestBytes);
        if (body is null)
        {
            return (null, [], refused);
        }

        try
        {
            using var document = StrictJson.Parse(body);
            return document.Deserialize(type) is { } value
                ? (value, body, null)
                : (null, [], Problems.Of(StatusCodes.Status400BadRequest, "not-an-object", "", "The body must be one JSON object."));
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            var path = (fault as JsonException)?.Path?.TrimStart('$', '.') ?? "";
            return (null, [], path.Length == 0
                ? Problems.Of(StatusCodes.Status400BadRequest, "not-json", "", $"The body must be {what}; see /openapi/v1.json.")
                : Problems.Of(StatusCodes.Status400BadRequest, "invalid-field", path, RuleOf(type, path)));
        }
    }

    /// <param name="path">Path of the member that does not fit its type.</param>
    private static string RuleOf(JsonTypeInfo type, string path)
    {
        foreach (var part in path.Split('.'))
        {
            if (type.Kind != JsonTypeInfoKind.Object)
            {
                break;
            }

            if (type.Properties.FirstOrDefault(known => known.Name == part.Split('[')[0]) is not { } property)
            {
                return $"unknown member; use one of {string.Join(", ", type.Properties.Select(known => known.Name))}";
            }

            type = type.Options.GetTypeInfo(property.PropertyType);
            type = part.EndsWith(']') && type.ElementType is { } element ? type.Options.GetTypeInfo(element) : type;
        }

        return type.Kind switch
        {
            JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => "an object",
            JsonTypeInfoKind.Enumerable => "a list",
            _ when type.Type == typeof(DateTimeOffset) || type.Type == typeof(DateTimeOffset?) =>
                "a time with its offset, such as 2026-12-01T04:30:00Z",
            _ => Type.GetTypeCode(Nullable.GetUnderlyingType(type.Type) ?? type.Type) switch
            {
                TypeCode.String => "text, in quotes",
                TypeCode.Boolean => "true or false",
                TypeCode.Int32 or TypeCode.Int64 => "a whole number, not in quotes",
                TypeCode.Decimal or TypeCode.Double => "a number, not in quotes",
                _ => "of the type in /openapi/v1.json",
            },
        };
    }
}
