using System.Net.Http.Headers;
using CapOrleans.Core.Access;

namespace CapOrleans.Archive;

/// <summary>
/// Calls the RPC of an IPFS node. Credentials in its URL are sent as Basic authentication, and the URL's path precedes
/// that of the RPC.
/// </summary>
/// <param name="api">For example <c>http://127.0.0.1:5001</c>.</param>
public sealed class KuboRpc(HttpClient http, Uri api)
{
    /// <summary>Host and port, without the credentials and the path that the URL may contain.</summary>
    public string Name { get; } = $"{api.Host}:{api.Port}";

    /// <param name="call">Command with its options, for example <c>block/get?arg=CID</c>.</param>
    public async Task<HttpResponseMessage> PostAsync(string call, HttpContent? content, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{api.GetLeftPart(UriPartial.Path).TrimEnd('/')}/api/v0/{call}") { Content = content };
        request.Headers.Authorization = UrlCredentials.Basic(api) is { } basic ? new AuthenticationHeaderValue("Basic", basic) : null;
        return await http.SendAsync(request, completion, cancellationToken);
    }
}
