using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Threading.Channels;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Gate;

/// <summary>What the cluster said about one incident.</summary>
/// <param name="Problem">The cluster's problem, as JSON; null when it was accepted.</param>
/// <param name="RetryAfter">Of the header that came with it.</param>
internal sealed record Forwarded(int Status, byte[]? Problem, string? RetryAfter);

/// <summary>
/// Sends what waits to the cluster as one batch; what arrives meanwhile waits for the next. One incident by itself travels at
/// once, and many share a request.
/// </summary>
internal sealed partial class BatchForwarder : BackgroundService
{
    /// <summary>Requests under way at once.</summary>
    private const int Senders = 4;

    /// <summary>Incidents that may wait; one more is refused.</summary>
    private const int QueueLimit = 4096;

    /// <summary>Whatever incident comes next still fits.</summary>
    private const int MaxBytes = BatchLines.MaxBytes - IncidentReader.MaxRequestBytes;

    private static readonly Forwarded Unavailable = new(
        StatusCodes.Status503ServiceUnavailable, Problem("unavailable", "The cluster does not answer; send the same again."), "1");

    private readonly Channel<Pending> queue = Channel.CreateBounded<Pending>(QueueLimit);
    private readonly HttpClient http;
    private readonly Uri target;
    private readonly ILogger logger;

    public BatchForwarder(HttpClient http, GateOptions options, ILogger<BatchForwarder> logger) =>
        (this.http, target, this.logger) = (http, new Uri(options.Api, "/v1/incidents:batch"), logger);

    /// <param name="body">One JSON object.</param>
    public Task<Forwarded> ForwardAsync(byte[] body)
    {
        var pending = new Pending(BatchLines.OneLine(body));
        return queue.Writer.TryWrite(pending)
            ? pending.Outcome.Task
            : Task.FromResult(new Forwarded(StatusCodes.Status503ServiceUnavailable, Problem("busy", "The gate's queue is full; send the same again."), "1"));
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => SendAllAsync(stoppingToken)));

    private async Task SendAllAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Pending>();
        try
        {
            while (await queue.Reader.WaitToReadAsync(stoppingToken))
            {
                batch.Clear();
                for (var bytes = 0; batch.Count < BatchLines.MaxLines && bytes < MaxBytes && queue.Reader.TryRead(out var taken);)
                {
                    batch.Add(taken);
                    bytes += taken.Line.Length + 1;
                }

                if (batch.Count > 0)
                {
                    await SendAsync(batch, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The gate stops.
        }

        batch.ForEach(pending => pending.Outcome.TrySetResult(Unavailable));
    }

    private async Task SendAsync(List<Pending> batch, CancellationToken stoppingToken)
    {
        try
        {
            var lines = new MemoryStream();
            foreach (var pending in batch)
            {
                lines.Write(pending.Line);
                lines.WriteByte((byte)'\n');
            }

            using var content = new ByteArrayContent(lines.GetBuffer(), 0, (int)lines.Length);
            content.Headers.ContentType = new MediaTypeHeaderValue(BatchLines.ContentType);
            using var answer = await http.PostAsync(target, content, stoppingToken);
            var body = await answer.Content.ReadAsByteArrayAsync(stoppingToken);
            var retryAfter = answer.Headers.RetryAfter?.ToString();
            if (answer.StatusCode == HttpStatusCode.OK)
            {
                var verdicts = BatchLines.Split(body).ConvertAll(line => Read(line, retryAfter));
                for (var i = 0; i < batch.Count; i++)
                {
                    batch[i].Outcome.TrySetResult(verdicts[i]);
                }
            }
            else
            {
                batch.ForEach(pending => pending.Outcome.TrySetResult(new Forwarded((int)answer.StatusCode, body, retryAfter)));
            }
        }
        catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
        {
            // Whatever it was, the hosts are told to send again, and the next batch goes out.
            LogFault(batch.Count, fault.GetType().Name, fault.Message);
            batch.ForEach(pending => pending.Outcome.TrySetResult(Unavailable));
        }
    }

    private static Forwarded Read(ReadOnlyMemory<byte> line, string? retryAfter)
    {
        using var verdict = JsonDocument.Parse(line);
        var status = verdict.RootElement.GetProperty("status").GetInt32();
        return verdict.RootElement.TryGetProperty("problem", out var problem)
            ? new Forwarded(status, JsonSerializer.SerializeToUtf8Bytes(problem, GateJson.Default.JsonElement), status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable ? retryAfter : null)
            : new Forwarded(status, null, null);
    }

    private static byte[] Problem(string type, string rule) => JsonSerializer.SerializeToUtf8Bytes(
        GateProblems.Of(StatusCodes.Status503ServiceUnavailable, type, "", rule).ProblemDetails, GateJson.Default.ProblemDetails);

    [LoggerMessage(510, LogLevel.Error, "{Count} incidents were not forwarded: {Fault} {Message}")]
    private partial void LogFault(int count, string fault, string message);

    private sealed record Pending(byte[] Line)
    {
        public TaskCompletionSource<Forwarded> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
