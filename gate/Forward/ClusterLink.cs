using System.Text.Json;
using CapOrleans.Client;
using CapOrleans.Core.Access;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Telemetry;
using CapOrleans.Gate.Answers;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;
using CapOrleans.Gate.Telemetry;

namespace CapOrleans.Gate.Forward;

/// <summary>The verdict on one line.</summary>
/// <param name="Problem">The cluster's problem, as JSON; null when it was accepted.</param>
internal sealed record LineVerdict(int Status, byte[]? Problem)
{
    /// <summary>Whether a proxy or firewall refused the request: the cluster knows nothing of the incident.</summary>
    public bool IsOfIntermediary { get; init; }

    /// <summary>Whether neither the cluster nor an intermediary has said anything about the incident.</summary>
    public bool IsUnanswered { get; init; }

    /// <summary>Whether nothing was decided, so that the incident is sent again.</summary>
    public bool IsRetryable => IsOfIntermediary || Status is StatusCodes.Status429TooManyRequests or >= 500;
}

/// <summary>The outcome of one request.</summary>
/// <param name="Verdicts">One for each line; null when the request as a whole got none.</param>
/// <param name="Refusal">
/// The request itself was refused: whatever its content, it is not repeated as it is, but in halves.
/// </param>
/// <param name="RetryAfter">
/// How long to wait before the next attempt; null when the cluster did not ask for a wait.
/// </param>
/// <param name="LastError">What went wrong, for an operator; null for nothing.</param>
internal sealed record BatchAnswer(IReadOnlyList<LineVerdict>? Verdicts, LineVerdict? Refusal, TimeSpan? RetryAfter, string? LastError)
{
    public bool IsRetryable => Verdicts is null && Refusal is null;

    /// <summary>Whether the cluster itself is too busy for the request, whatever its content.</summary>
    public bool IsBusy { get; init; }
}

/// <summary>
/// The connection to the cluster: sends batches to the API address in use, and returns their outcome.
/// </summary>
internal sealed partial class ClusterLink(HttpClient http, GateOptions options, TimeProvider time, ILogger<ClusterLink> logger)
{
    private static readonly TimeSpan MinRetryAfter = TimeSpan.FromMilliseconds(200), MaxRetryAfter = TimeSpan.FromMinutes(10);

    private const int MaxProblemBytes = 4096;

    private readonly Lock gate = new();
    private readonly ApiAddresses addresses = new(http, options, time);
    private long reachedAt;

    public Uri Api => addresses.Current;

    /// <summary>What went wrong with the last request; null when nothing did.</summary>
    public string? LastError { get; private set; }

    /// <inheritdoc cref="ApiAddresses.CheckAndSwitchAsync"/>
    public Task CheckAndSwitchAsync(Uri api) => addresses.CheckAndSwitchAsync(api, gaveNoAnswer: true, retryAfter: null);

    /// <summary>Records that the cluster was reached: it decided, or answered another request of the gate's.</summary>
    public void RecordReached() => Volatile.Write(ref reachedAt, time.GetTimestamp());

    /// <returns>Whether the cluster was reached after this timestamp.</returns>
    public bool WasReachedSince(long timestamp) => Volatile.Read(ref reachedAt) is var passed && passed != 0 && passed > timestamp;

    /// <param name="areProven">
    /// Whether these are claims from addresses from which the wallet recently accepted one: the cluster counts them as
    /// another caller's when it asks wallets.
    /// </param>
    public async Task<BatchAnswer> SendAsync(IReadOnlyList<Waiting> batch, bool areProven, CancellationToken cancellationToken)
    {
        var (api, gaveNoAnswer) = (batch is [{ IsAside: true }] ? await addresses.NextAsync() : Api, false);
        using var span = CapTelemetry.Source.StartActivity("gate.forward");
        span?.SetTag("caporleans.incidents", batch.Select(waiting => $"{waiting.CapId}/{waiting.IncidentId}").ToArray());
        BatchAnswer answer;
        try
        {
            answer = await PostAsync(new CapOrleansClient(http, api, Options(batch, areProven)), api, batch, cancellationToken);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            gaveNoAnswer = true;
            answer = new BatchAnswer(null, null, null, OneLine.Of($"{api} does not answer: {fault.GetBaseException().Message}"));
        }

        if (answer is { IsRetryable: true, IsBusy: true })
        {
            addresses.SwitchFrom(api, gaveNoAnswer: false, answer.RetryAfter);
        }
        else if (answer.IsRetryable)
        {
            await addresses.CheckAndSwitchAsync(api, gaveNoAnswer, answer.RetryAfter);
        }

        answer = Api == api ? answer : answer with { RetryAfter = null }; // the wait is not for the next address

        if (answer.Verdicts is not null)
        {
            RecordReached();
        }

        Log(api, answer.LastError);

        foreach (var verdict in answer.Verdicts ?? [])
        {
            GateMetrics.Forwarded(verdict.Status);
        }

        LastError = answer.LastError;
        return answer;
    }

    private static ClientOptions? Options(IReadOnlyList<Waiting> batch, bool areProven)
    {
        var legacy = Enumerable.Range(1, batch.Count).Where(line => batch[line - 1].TakesAnySeverity).ToList();
        (string Name, string Value)[] headers =
        [
            .. areProven ? [("X-Cap-Claims", "proven")] : Array.Empty<(string, string)>(),
            .. legacy.Count > 0 ? [(BatchLines.AnySeverityHeader, string.Join(',', legacy))] : Array.Empty<(string, string)>(),
        ];
        return headers.Length > 0 ? new ClientOptions { Headers = headers } : null;
    }

    private static async Task<BatchAnswer> PostAsync(
        CapOrleansClient client, Uri api, IReadOnlyList<Waiting> batch, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.SendBatchAsync([.. batch.Select(waiting => waiting.Line)], cancellationToken);
            return answer.Verdicts.Zip(batch).All(line => IsFor(line.First, line.Second))
                ? new BatchAnswer([.. answer.Verdicts.Select(line => Verdict(line.Status, line.Problem))], null,
                    Clamp(answer.RetryAfter), null)
                : new BatchAnswer(null, null, null, $"{api} answered with receipts for other incidents; they are ignored.");
        }
        catch (ProblemException fault) when (fault.Status is
            StatusCodes.Status400BadRequest or StatusCodes.Status413PayloadTooLarge or StatusCodes.Status415UnsupportedMediaType)
        {
            return new BatchAnswer(null, Verdict(fault.Problem.Status, fault.Problem.Json), null, null);
        }
        catch (ClientException fault) when (fault is not ProblemException && fault.Status is { } status && IsContentRefusal(status))
        {
            return new BatchAnswer(null, new LineVerdict(status, GateProblems.Intermediary(status)) { IsOfIntermediary = true }, null,
                $"{api} answered {status} without one of the API's problems: a proxy or firewall in between refuses the request.");
        }
        catch (ClientException fault) when (fault.Status is not null)
        {
            return new BatchAnswer(null, null, Clamp(fault.RetryAfter),
                $"{api} answered {fault.Status}, which decides nothing; the gate retries.") { IsBusy = fault is ProblemException };
        }
    }

    /// <summary>
    /// Whether the status is about a request's content or size, and would recur. Not about the caller (401, 407), the
    /// URL (404, 405) or the moment: those concern every request, until an operator changes a setting.
    /// </summary>
    private static bool IsContentRefusal(int status) => status is StatusCodes.Status400BadRequest or StatusCodes.Status403Forbidden
        or StatusCodes.Status406NotAcceptable or StatusCodes.Status413PayloadTooLarge or StatusCodes.Status414UriTooLong
        or StatusCodes.Status415UnsupportedMediaType or StatusCodes.Status422UnprocessableEntity
        or StatusCodes.Status431RequestHeaderFieldsTooLarge or StatusCodes.Status451UnavailableForLegalReasons;

    /// <summary>Whether a verdict belongs to an incident: a receipt names the one that it is for.</summary>
    private static bool IsFor(BatchVerdict verdict, Waiting waiting) =>
        verdict.Incident is not { } receipt || (receipt.CapId == waiting.CapId && receipt.IncidentId == waiting.IncidentId);

    /// <summary>Keeps a problem or, if it is longer than any of ours, only its name.</summary>
    private static LineVerdict Verdict(int status, JsonElement? problem)
    {
        var json = problem is { } given ? JsonSerializer.SerializeToUtf8Bytes(given, ProblemsJson.Default.JsonElement) : null;
        return new LineVerdict(status, json is null || json.Length <= MaxProblemBytes ? json : GateProblems.TooLong(status, json, MaxProblemBytes));
    }

    /// <summary>
    /// Bounds the wait asked for: after a shorter one we would retry too soon, after a longer one too late.
    /// </summary>
    private static TimeSpan? Clamp(TimeSpan? wait) =>
        wait is not { } asked ? null : asked < MinRetryAfter ? MinRetryAfter : asked > MaxRetryAfter ? MaxRetryAfter : asked;
}
