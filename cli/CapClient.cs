using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace CapOrleans.Cli;

/// <summary>Calls a node and turns its answer into an exit code and a text.</summary>
internal static class CapClient
{
    /// <returns>The body of a 2xx answer.</returns>
    /// <exception cref="CliFaultException">Refused, or no answer.</exception>
    public static async Task<string> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = TlsSettings.Read(), AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(30) };
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            return response.IsSuccessStatusCode
                ? body
                : throw new CliFaultException(
                    (int)response.StatusCode >= 500 ? ExitCodes.Unreachable : ExitCodes.Refused, Describe((int)response.StatusCode, body));
        }
        catch (Exception fault) when (fault is HttpRequestException || (fault is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new CliFaultException(ExitCodes.Unreachable, $"No answer from {request.RequestUri!.GetLeftPart(UriPartial.Authority)}: {fault.Message.TrimEnd('.')}. Is it running?");
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

    private static string Describe(int status, string body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            string Text(string name) => problem.RootElement.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
            return new StringBuilder().Append("refused with ").Append(status).Append(", ").Append(Text("title"))
                .Append(Text("field").Length == 0 ? ": " : $": {Text("field")}: ").Append(Text("rule")).ToString();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return $"refused with {status}";
        }
    }
}
