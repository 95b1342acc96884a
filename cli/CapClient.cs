using System.Net.Http.Headers;
using System.Text.Json;

namespace CapOrleans.Cli;

/// <summary>Calls a node and turns its answer into an exit code and a text.</summary>
internal static class CapClient
{
    /// <returns>The body of a 2xx answer.</returns>
    /// <exception cref="CliFaultException">Refused, or no answer.</exception>
    public static async Task<string> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = TlsSettings.Read(), AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = 16 << 20 };
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            var problem = response.IsSuccessStatusCode ? null : Problem.Of(body);
            return response.IsSuccessStatusCode && (body.Length == 0 || IsJson(body)) ? body
                : problem is null ? throw new CliFaultException(ExitCodes.Unreachable, $"{Origin(request)} answered {(int)response.StatusCode}, and not as CapOrleans does: is something else there, or in between?")
                : throw new CliFaultException(problem.CodeFor((int)response.StatusCode), $"refused with {(int)response.StatusCode}, {problem}");
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

    public static HttpRequestMessage Operator(HttpRequestMessage request)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", CapEnvironment.AdminToken());
        return request;
    }

    private static string Reason(Uri url, Exception fault)
    {
        var innermost = fault.GetBaseException().Message.TrimEnd('.');
        return fault is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
            ? $"{innermost}. Is its certificate of an authority in CAP_TLS_CA, and does it speak https?"
            : url.Scheme == Uri.UriSchemeHttps && fault is HttpRequestException { HttpRequestError: not HttpRequestError.ConnectionError }
            ? $"{innermost}. It may want a certificate of this host: CAP_TLS_CERTIFICATE and CAP_TLS_KEY."
            : $"{innermost}. Is it running?";
    }

    /// <summary>Without a user's name and password, which a URL may hold.</summary>
    private static string Origin(HttpRequestMessage request) => $"{request.RequestUri!.Scheme}://{request.RequestUri.Authority}";

    private static bool IsJson(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>A problem of ours. What anything in between says, a proxy or a login page, is no word on the incident.</summary>
    private sealed record Problem(string Name, string Title, string Field, string Rule)
    {
        private const string Ours = "urn:caporleans:problem:";

        public static Problem? Of(string body)
        {
            try
            {
                using var document = JsonDocument.Parse(body);
                string Text(string name) => document.RootElement.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
                return Text("type").StartsWith(Ours, StringComparison.Ordinal) ? new Problem(Text("type")[Ours.Length..], Text("title"), Text("field"), Text("rule")) : null;
            }
            catch (Exception fault) when (fault is JsonException or InvalidOperationException)
            {
                return null;
            }
        }

        /// <summary>Sealed to the wrong key is a setting's fault; too many or too slow is no word on what was sent.</summary>
        public int CodeFor(int status) => Name == "sealed-body" ? ExitCodes.Misconfigured : status is 408 or 429 or >= 500 ? ExitCodes.Unreachable : ExitCodes.Refused;

        public override string ToString() => $"{Title}{(Field.Length == 0 ? ": " : $": {Field}: ")}{Rule}";
    }
}
