using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CapOrleans.Client;

/// <summary>An HTTP call, from which its requests are built.</summary>
/// <param name="Path">Relative and escaped.</param>
/// <param name="IsRepeatable">Whether repeating it is safe: what was done already is not done twice.</param>
internal sealed record Call(HttpMethod Method, string Path, CallAccess Access, bool IsRepeatable)
{
    private byte[]? Body { get; init; }

    private string ContentType { get; init; } = "application/json";

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public static Call Get(string path, CallAccess access = CallAccess.Read) => new(HttpMethod.Get, path, access, IsRepeatable: true);

    public static Call Put(string path, CallAccess access = CallAccess.Operate) => new(HttpMethod.Put, path, access, IsRepeatable: true);

    public static Call Post(string path, CallAccess access = CallAccess.Operate, bool isRepeatable = false) =>
        new(HttpMethod.Post, path, access, isRepeatable);

    public static Call Patch(string path) => new(HttpMethod.Patch, path, CallAccess.Operate, IsRepeatable: true);

    public static Call Delete(string path) => new(HttpMethod.Delete, path, CallAccess.Operate, IsRepeatable: false);

    public Call With<T>(T body, JsonTypeInfo<T> type) => this with { Body = JsonSerializer.SerializeToUtf8Bytes(body, type) };

    public Call With(byte[] body, string contentType = "application/json") => this with { Body = body, ContentType = contentType };

    public HttpRequestMessage ToRequest(Uri server, ClientOptions options)
    {
        var request = new HttpRequestMessage(Method, new Uri(server, Path));
        request.Options.Set(CallOptions.Access, Access);
        request.Options.Set(CallOptions.IsRepeatable, IsRepeatable);
        if (Body is not null)
        {
            request.Content = new ByteArrayContent(Body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        }

        if (options.Token is { } token && Access != CallAccess.Open)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        foreach (var (name, value) in options.Headers.Concat(Headers))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }
}
