using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Contracts;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Cli;

/// <summary>Calls a node and turns its answer into an exit code and a text.</summary>
internal static class CapClient
{
    /// <returns>The body of a 2xx answer; undefined when it has none.</returns>
    /// <exception cref="CliFaultException">Refused, or no answer.</exception>
    public static async Task<JsonElement> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (status, body, problem) = await AnswerAsync(request, cancellationToken);
        return problem is null ? body : throw new CliFaultException(problem.CodeFor(status), $"refused with {status}, {problem}");
    }

    /// <summary>Reads from the API. Most nodes let their own machine read: the API key is shown only to one that asks for it, where there is one.</summary>
    /// <returns>As <see cref="SendAsync"/>.</returns>
    /// <exception cref="CliFaultException">Refused, or no answer.</exception>
    public static async Task<JsonElement> ReadAsync(Uri url, CancellationToken cancellationToken)
    {
        using var open = new HttpRequestMessage(HttpMethod.Get, url);
        var (status, body, problem) = await AnswerAsync(open, cancellationToken);
        if (problem is null)
        {
            return body;
        }

        if (status != 401 || !Credentials.HasApiKey)
        {
            throw new CliFaultException(problem.CodeFor(status), $"refused with {status}, {problem}");
        }

        using var request = Operator(new HttpRequestMessage(HttpMethod.Get, url));
        return await SendAsync(request, cancellationToken);
    }

    /// <summary>Takes out of an answer what is wanted of it: whoever answered may have answered anything.</summary>
    /// <exception cref="CliFaultException">It is not there.</exception>
    public static T Read<T>(JsonElement answer, Func<JsonElement, T?> read) where T : notnull
    {
        try
        {
            return read(answer) is { } value ? value : throw new FormatException();
        }
        catch (Exception fault) when (fault is FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new CliFaultException(ExitCodes.Unreachable, "It answered, and not as CapOrleans does: is something else there, or in between?");
        }
    }

    /// <returns>A problem for every answer that is not 2xx.</returns>
    private static async Task<(int Status, JsonElement Body, Problem? Problem)> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var http = HttpClients.Create(TimeSpan.FromSeconds(30), TlsSettings.Read(), Credentials.ShownBy(request));
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var (status, body) = ((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken)); // JSON is UTF-8, whatever a header says
            var isJson = TryParse(body, out var json);
            var problem = response.IsSuccessStatusCode || !isJson ? null : Problem.Of(json);
            return problem is null && !(response.IsSuccessStatusCode && (isJson || body.Length == 0))
                ? throw new CliFaultException(ExitCodes.Unreachable, $"{Origin(request)} answered {status}, and not as CapOrleans does: is something else there, or in between?")
                : (status, json, problem);
        }
        catch (HttpRequestException fault) when (fault.GetBaseException() is CliFaultException own)
        {
            throw own;
        }
        catch (Exception fault) when (fault is HttpRequestException || (fault is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new CliFaultException(ExitCodes.Unreachable, $"No answer from {Origin(request)}: {Reason(request.RequestUri!, fault)}");
        }
    }

    public static HttpContent Json(byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>A call that only an operator may make.</summary>
    public static HttpRequestMessage Operator(HttpRequestMessage request)
    {
        Credentials.AddApiKey(request);
        return request;
    }

    private static string Reason(Uri url, Exception fault)
    {
        var innermost = Printable.Line(fault.GetBaseException().Message).TrimEnd('.'); // it may quote what the server sent
        return fault is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
            ? $"{innermost}. Is its certificate of an authority in CAP_TLS_CA, and does it speak https?"
            : url.Scheme == Uri.UriSchemeHttps && fault is HttpRequestException { HttpRequestError: not HttpRequestError.ConnectionError }
            ? $"{innermost}. It may want a certificate of this host: CAP_TLS_CERTIFICATE and CAP_TLS_KEY."
            : $"{innermost}. Is it running?";
    }

    /// <summary>Without a user's name and password, which a URL may hold.</summary>
    private static string Origin(HttpRequestMessage request) => $"{request.RequestUri!.Scheme}://{request.RequestUri.Authority}";

    private static bool TryParse(byte[] body, out JsonElement json)
    {
        try
        {
            using var document = StrictJson.Parse(body);
            json = document.RootElement.Clone();
            _ = JsonNode.Parse(body)?.ToJsonString(IncidentFile.OneLine); // half a surrogate pair is no text, and cannot be printed
            return true;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            json = default;
            return false;
        }
    }

    /// <summary>A problem of ours. What anything in between says, a proxy or a login page, is no word on the incident.</summary>
    private sealed record Problem(string Name, string Title, string Field, string Rule)
    {
        public static Problem? Of(JsonElement body)
        {
            try
            {
                string Text(string name) => body.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
                return ProblemTypes.NameOf(Text("type")) is { } type ? new Problem(type, Text("title"), Text("field"), Text("rule")) : null;
            }
            catch (InvalidOperationException)
            {
                return null;
            }
        }

        /// <summary>Sealed to the wrong key is a setting's fault; too many or too slow is no word on what was sent.</summary>
        public int CodeFor(int status) => Name == "sealed-body" ? ExitCodes.Misconfigured : status is 408 or 429 or >= 500 ? ExitCodes.Unreachable : ExitCodes.Refused;

        /// <summary>One line, whatever the server put into it.</summary>
        public override string ToString() => Printable.Line($"{Title}{(Field.Length == 0 ? ": " : $": {Field}: ")}{Rule}");
    }
}
