using System.Net;
using System.Text.Json;
using CapOrleans.Core.Access;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Ethereum.Rpc;

/// <summary>Reads a node's answer: a result, a refusal, or something that is neither.</summary>
internal static class RpcAnswer
{
    /// <param name="node">Name of the node, for messages.</param>
    /// <exception cref="RpcErrorException">The node refused.</exception>
    /// <exception cref="ChainUnavailableException">The answer is neither a result nor a refusal.</exception>
    public static JsonElement ResultOf(string node, Uri url, string method, HttpResponseMessage response, byte[] body)
    {
        var (result, refusal) = Read(node, Parse(body), answer => Parts(url, method, answer, RetryAfter(response)));
        if (refusal is not null)
        {
            throw refusal; // some nodes send it with an HTTP error status
        }

        if (response.StatusCode == HttpStatusCode.RequestEntityTooLarge)
        {
            throw new RpcErrorException(method, (int)response.StatusCode, "request entity too large", null); // from a proxy, without JSON-RPC
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new ChainUnavailableException($"{node} answers with status {(int)response.StatusCode}; check " +
                "RPC_URL.") { RetryAfter = RetryAfter(response) };
        }

        return result ?? throw new ChainUnavailableException($"{node} returned " +
            $"{response.Content.Headers.ContentType?.MediaType ?? "something"} that is not JSON-RPC; check RPC_URL.");
    }

    /// <summary>
    /// Reads an answer. Whatever the reader throws is the answer's fault, since it reads nothing else.
    /// </summary>
    /// <exception cref="ChainUnavailableException">The answer is not what was asked for.</exception>
    public static T Read<T>(string node, JsonElement answer, Func<JsonElement, T> read)
    {
        try
        {
            return read(answer);
        }
        catch (Exception fault) when (fault is not ChainUnavailableException)
        {
            throw new ChainUnavailableException($"{node} returned an unreadable answer; check RPC_URL.", fault);
        }
    }

    /// <summary>A member or a property name that cannot be read makes the whole answer unusable.</summary>
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

    /// <summary>The backoff that a node asks for; a second for a 429 that names none.</summary>
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

    /// <summary>
    /// Removes keys: path, query and user of a URL often contain one, and a node may repeat what it was asked.
    /// </summary>
    private static string WithoutKey(string message, Uri url) => url.PathAndQuery.Split('/', '?', '&', '=').Where(part => part.Length >= 8)
        .Concat(Uri.UnescapeDataString(url.UserInfo).Split(':', 2)).Concat(url.UserInfo.Split(':', 2)).Append(UrlCredentials.Basic(url)
            ?? "")
        .Where(part => part.Length > 0).OrderByDescending(part => part.Length).Aggregate(message, (text, part) => text.Replace(part,
            "***", StringComparison.OrdinalIgnoreCase));

    /// <summary>The data as text; Parity's descendants put a word before it, others wrap it in an object.</summary>
    private static string? RevertData(JsonElement data) => data.ValueKind switch
    {
        JsonValueKind.String when data.GetString() is { } text && text.IndexOf("0x", StringComparison.Ordinal) is >= 0 and var at => text[at..],
        JsonValueKind.Object when data.TryGetProperty("data", out var inner) && inner.ValueKind == JsonValueKind.String => inner.GetString(),
        _ => null,
    };
}
