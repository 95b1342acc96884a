using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Incidents;
using CapOrleans.HttpEdge.Bodies;

namespace CapOrleans.Api.Answers;

/// <summary>Reads a request body that is one JSON object of a known type; the first member that breaks its rule is named.</summary>
internal static class JsonBody
{
    /// <param name="what">What the body is, for the refusal.</param>
    /// <returns>The value with the body to the letter, or what to answer instead.</returns>
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
                : (null, [], Problems.Of(StatusCodes.Status400BadRequest, "not-an-object", "", "The body is one JSON object."));
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            var path = (fault as JsonException)?.Path?.TrimStart('$', '.') ?? "";
            return (null, [], Problems.Of(StatusCodes.Status400BadRequest, path.Length == 0 ? "not-json" : "invalid-field", path, $"The body is {what}; see /openapi/v1.json."));
        }
    }
}
