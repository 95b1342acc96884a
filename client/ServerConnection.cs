using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Client;

/// <summary>Sends calls to one server, and reads its responses.</summary>
internal sealed class ServerConnection(HttpClient http, Uri server, ClientOptions options)
{
    /// <summary>Nesting levels around an incident that a response quotes, as a page of dead letters does.</summary>
    private const int ExtraDepth = 8;

    private const int MaxProblemBytes = 1 << 20;

    /// <exception cref="ClientException">The call failed.</exception>
    public async Task<T> SendAsync<T>(Call call, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : notnull
    {
        var answer = await SendAsync(call, cancellationToken);
        try
        {
            return !HasNullItem(answer.Json) && answer.Json.Deserialize(type) is { } value ? value : throw new JsonException("It is null.");
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            throw UnexpectedAnswer(answer.Status, null, fault);
        }
    }

    /// <returns>A 2xx response; its JSON is undefined when it has no body.</returns>
    /// <exception cref="ClientException">The call failed.</exception>
    public async Task<Answer> SendAsync(Call call, CancellationToken cancellationToken)
    {
        var answer = await ReceiveAsync(call, cancellationToken);
        return answer.Body.Length == 0 ? answer
            : TryParse(answer.Body, out var json) ? answer with { Json = json }
            : throw UnexpectedAnswer(answer.Status, answer.RetryAfter);
    }

    /// <summary>
    /// Same as <see cref="SendAsync(Call, CancellationToken)"/>, for a response that is not one JSON value.
    /// </summary>
    public async Task<Answer> ReceiveAsync(Call call, CancellationToken cancellationToken)
    {
        using var request = call.ToRequest(server, options);
        return Succeeded(await TranslateFaultsAsync(async () =>
        {
            using var response = await http.SendAsync(request, cancellationToken);
            return await ReadAsync(response, cancellationToken);
        }, cancellationToken));
    }

    /// <summary>Opens a 2xx response whose body is read as it arrives.</summary>
    /// <exception cref="ClientException">The call failed.</exception>
    public async Task<HttpResponseMessage> OpenAsync(Call call, CancellationToken cancellationToken)
    {
        using var request = call.ToRequest(server, options);
        var response = await TranslateFaultsAsync(() => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
            cancellationToken),
            cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            await response.Content.LoadIntoBufferAsync(MaxProblemBytes, cancellationToken);
            Succeeded(await TranslateFaultsAsync(() => ReadAsync(response, cancellationToken), cancellationToken));
            throw UnexpectedAnswer((int)response.StatusCode);
        }
    }

    /// <exception cref="NoAnswerException">The server did not respond, or broke off.</exception>
    public async Task<T> TranslateFaultsAsync<T>(Func<Task<T>> receive, CancellationToken cancellationToken)
    {
        try
        {
            return await receive();
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException
            || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new NoAnswerException($"No answer from {Origin}: {fault.GetBaseException().Message}", inner: fault);
        }
    }

    private async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken); // JSON is UTF-8, whatever a header says
        var after = response.Headers.RetryAfter is { } header ? header.Delta ?? (header.Date - options.Time.GetUtcNow()) : null;
        return new Answer((int)response.StatusCode, body, after < TimeSpan.Zero ? TimeSpan.Zero : after);
    }

    private Answer Succeeded(Answer answer) => answer.Status is >= 200 and <= 299 ? answer
        : TryParse(answer.Body, out var json) && Problem.Read(answer.Status, json) is { } problem
        ? throw new ProblemException(problem, answer.RetryAfter)
        : throw UnexpectedAnswer(answer.Status, answer.RetryAfter);

    /// <summary>The server without a user's name and password, which a URL may contain.</summary>
    private string Origin => $"{server.Scheme}://{server.Authority}";

    public NoAnswerException UnexpectedAnswer(int status, TimeSpan? retryAfter = null, Exception? inner = null) => new(
        $"{Origin} answered {status}, but not as CapOrleans: is it another server, or is an intermediary " +
            "answering?", status, retryAfter, inner);

    /// <summary>
    /// Whether a list contains null, which the service never sends; JSON of others within its responses may.
    /// </summary>
    private static bool HasNullItem(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => json.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.Null || HasNullItem(item)),
        JsonValueKind.Object => json.EnumerateObject().Any(member => member.Name is not ("entry" or "incident") && HasNullItem(member.Value)),
        _ => false,
    };

    private static bool TryParse(byte[] body, out JsonElement json)
    {
        try
        {
            using var document = StrictJson.Parse(body, extraDepth: ExtraDepth);
            json = document.RootElement.Clone();
            return true;
        }
        catch (JsonException)
        {
            json = default;
            return false;
        }
    }

    internal sealed record Answer(int Status, byte[] Body, TimeSpan? RetryAfter)
    {
        public JsonElement Json { get; init; }
    }
}
