using System.Net.Http.Headers;
using CapOrleans.Core.Access;

namespace CapOrleans.Archive;

/// <summary>How an IPFS node's RPC is called: credentials in its URL are sent as Basic authentication, and its path comes before that of the RPC.</summary>
/// <param name="api">For example <c>http://127.0.0.1:5001</c>.</param>
public sealed class KuboRpc(HttpClient http, Uri api)
{
    /// <summary>Without what the URL may hold besides.</summary>
    public string Name { get; } = $"{api.Host}:{api.Port}";

    /// <param name="call">Command with its options, for example <c>block/get?arg=CID</c>.</param>
    public async Task<HttpResponseMessage> PostAsync(string call, HttpContent? content, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{api.GetLeftPart(UriPartial.Path).TrimEnd('/')}/api/v0/{call}") { Content = content };
        request.Headers.Authorization = UrlCredentials.Basic(api) is { } basic ? new AuthenticationHeaderValue("Basic", basic) : null;
        return await http.SendAsync(request, completion, cancellationToken);
    }
}
