using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CapOrleans.Contracts;
using CapOrleans.Core.Incidents;
using CapOrleans.Gate.Answers;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Forward;

/// <summary>What the cluster said about one line.</summary>
/// <param name="Problem">The cluster's problem, as JSON; null when it was accepted.</param>
internal sealed record LineVerdict(int Status, byte[]? Problem)
{
    /// <summary>Nothing was decided: the same is sent again.</summary>
    public bool IsRetryable => Status is StatusCodes.Status429TooManyRequests or >= 500;
}

/// <summary>What came of one request.</summary>
/// <param name="Verdicts">One for each line; null when the request as a whole has none.</param>
/// <param name="Refusal">The request itself was refused: whatever is in it, it is not sent again as it is.</param>
/// <param name="RetryAfter">When to come again; null when the cluster did not say.</param>
/// <param name="LastError">What kept it from being answered, for an operator.</param>
internal sealed record BatchAnswer(IReadOnlyList<LineVerdict>? Verdicts, LineVerdict? Refusal, TimeSpan? RetryAfter, string? LastError)
{
    public bool IsRetryable => Verdicts is null && Refusal is null;
}

/// <summary>The way to the cluster: several addresses of its API, of which one is used as long as it answers.</summary>
internal sealed partial class ClusterLink(HttpClient http, GateOptions options, TimeProvider time, ILogger<ClusterLink> logger)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(200), Longest = TimeSpan.FromMinutes(10);

    private int current;

    public Uri Api => options.Apis[Volatile.Read(ref current) % options.Apis.Count];

    /// <summary>What the last request met; null when it was answered.</summary>
    public string? LastError { get; private set; }

    public async Task<BatchAnswer> SendAsync(IReadOnlyList<Waiting> batch, CancellationToken cancellationToken)
    {
        var api = Api;
        BatchAnswer answer;
        try
        {
            answer = await PostAsync(api, batch, cancellationToken);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            answer = new BatchAnswer(null, null, null, $"{api} does not answer: {fault.Message}");
        }

        if (answer.IsRetryable)
        {
            Interlocked.Increment(ref current); // the next one, whoever it is
        }

        if (LastError is null != answer.LastError is null)
        {
            if (answer.LastError is { } error)
            {
                LogStalled(error);
            }
            else
            {
                LogRecovered(api);
            }
        }

        LastError = answer.LastError;
        return answer;
    }

    private async Task<BatchAnswer> PostAsync(Uri api, IReadOnlyList<Waiting> batch, CancellationToken cancellationToken)
    {
        var lines = new MemoryStream();
        foreach (var waiting in batch)
        {
            lines.Write(waiting.Line);
            lines.WriteByte((byte)'\n');
        }

        using var content = new ByteArrayContent(lines.GetBuffer(), 0, (int)lines.Length);
        content.Headers.ContentType = new MediaTypeHeaderValue(BatchLines.ContentType);
        using var response = await http.PostAsync(new Uri(api, "/v1/incidents:batch"), content, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var wait = response.Headers.RetryAfter is { } after ? Within(after.Delta ?? (after.Date - time.GetUtcNow())) : null;
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType && ProblemTypes.NameIn(body) is not null)
        {
            return new BatchAnswer(null, new LineVerdict((int)response.StatusCode, body), null, null);
        }

        var verdicts = response.StatusCode == HttpStatusCode.OK ? BatchLines.Split(body).ConvertAll(Read) : [];
        return verdicts.Count == batch.Count
            ? new BatchAnswer(verdicts, null, wait, null)
            : new BatchAnswer(null, null, wait, $"{api} answered {(int)response.StatusCode}, which is no verdict.");
    }

    /// <summary>Whoever asks for less is asked again too soon; for more, too late.</summary>
    private static TimeSpan? Within(TimeSpan? wait) =>
        wait is not { } asked ? null : asked < Shortest ? Shortest : asked > Longest ? Longest : asked;

    private static LineVerdict Read(ReadOnlyMemory<byte> line)
    {
        using var verdict = JsonDocument.Parse(line);
        var status = verdict.RootElement.GetProperty("status").GetInt32();
        var problem = verdict.RootElement.TryGetProperty("problem", out var said) ? JsonSerializer.SerializeToUtf8Bytes(said, ProblemsJson.Default.JsonElement) : null;
        return (problem is null && status is 200 or 201) || (problem is not null && status is >= 400 and <= 599)
            ? new LineVerdict(status, problem)
            : throw new JsonException($"A line has the status {status} and {(problem is null ? "no" : "a")} problem.");
    }

    [LoggerMessage(530, LogLevel.Warning, "Forwarding stalled: {LastError}")]
    private partial void LogStalled(string lastError);

    [LoggerMessage(531, LogLevel.Warning, "Forwarding recovered: {Api} answers again")]
    private partial void LogRecovered(Uri api);
}
