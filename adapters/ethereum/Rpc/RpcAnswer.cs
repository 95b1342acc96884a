using System.Net;
using System.Text.Json;
using CapOrleans.Core.Access;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Ethereum.Rpc;

/// <summary>What a node answered: a result, a refusal, or something that is neither.</summary>
internal static class RpcAnswer
{
    /// <param name="node">For a message.</param>
    /// <exception cref="RpcErrorException">The node refused.</exception>
    /// <exception cref="ChainUnavailableException">It is no answer.</exception>
    public static JsonElement ResultOf(string node, Uri url, string method, HttpResponseMessage response, byte[] body)
    {
        var (result, refusal) = Read(node, Parse(body), answer => Parts(url, method, answer, RetryAfter(response)));
        if (refusal is not null)
        {
            throw refusal; // some nodes send it with a status of its own
        }

        if (response.StatusCode == HttpStatusCode.RequestEntityTooLarge)
        {
            throw new RpcErrorException(method, (int)response.StatusCode, "request entity too large", null); // by a proxy, which has no JSON-RPC
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new ChainUnavailableException($"{node} answers {(int)response.StatusCode}; see RPC_URL.") { RetryAfter = RetryAfter(response) };
        }

        return result ?? throw new ChainUnavailableException($"{node} answers {response.Content.Headers.ContentType?.MediaType ?? "something"} that is no JSON-RPC; see RPC_URL.");
    }

    /// <summary>Whatever the reader meets, the answer is at fault: nothing else is read.</summary>
    /// <exception cref="ChainUnavailableException">The answer is something else than what was asked for.</exception>
    public static T Read<T>(string node, JsonElement answer, Func<JsonElement, T> read)
    {
        try
        {
            return read(answer);
        }
        catch (Exception fault) when (fault is not ChainUnavailableException)
        {
            throw new ChainUnavailableException($"{node} gives an answer that cannot be read; see RPC_URL.", fault);
        }
    }

    /// <summary>A member that cannot be read, or a name that is no text, is a fault of the whole answer.</summary>
    private static (JsonElement? Result, RpcErrorException? Refusal) Parts(
        Uri url, string method, JsonElement answer, TimeSpan? retryAfter) =>
        answer.ValueKind != JsonValueKind.Object ? (null, null)
        : answer.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object ? (null, Refusal(url, method, error, retryAfter))
        : answer.TryGetProperty("result", out var result) ? (result, null)
        : (null, null);

    private static JsonElement Parse(byte[] body)
    {
        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    /// <summary>Of a node that says it is asked too often, a second where it names no time.</summary>
    private static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when response.Headers.Date is { } now && date > now => date - now,
        _ => response.StatusCode == HttpStatusCode.TooManyRequests ? TimeSpan.FromSeconds(1) : null,
    };

    private static RpcErrorException Refusal(Uri url, string method, JsonElement error, TimeSpan? retryAfter) => new(
        method,
        error.GetProperty("code").GetInt32(),
        WithoutKey(error.GetProperty("message").GetString() ?? "", url),
        error.TryGetProperty("data", out var data) ? RevertData(data) : null) { RetryAfter = retryAfter };

    /// <summary>Path, query and user of a URL often hold a key, and a node may repeat what it was asked.</summary>
    private static string WithoutKey(string message, Uri url) => url.PathAndQuery.Split('/', '?', '&', '=').Where(part => part.Length >= 8)
        .Concat(Uri.UnescapeDataString(url.UserInfo).Split(':', 2)).Concat(url.UserInfo.Split(':', 2)).Append(UrlCredentials.Basic(url)
            ?? "")
        .Where(part => part.Length > 0).OrderByDescending(part => part.Length).Aggregate(message, (text, part) => text.Replace(part,
            "***", StringComparison.OrdinalIgnoreCase));

    /// <summary>As text; Parity's descendants put a word before it, others an object around it.</summary>
    private static string? RevertData(JsonElement data) => data.ValueKind switch
    {
        JsonValueKind.String when data.GetString() is { } text && text.IndexOf("0x", StringComparison.Ordinal) is >= 0 and var at => text[at..],
        JsonValueKind.Object when data.TryGetProperty("data", out var inner) && inner.ValueKind == JsonValueKind.String => inner.GetString(),
        _ => null,
    };
}
