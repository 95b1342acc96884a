using System.Net;
using Polly;
using Polly.Retry;

namespace CapOrleans.Client;

/// <summary>
/// Retries repeatable calls about which nothing was decided:
/// <c>new HttpClient(new RetryHandler { InnerHandler = ... })</c>. It waits as long as the server asks, and gives up
/// immediately when that is more than half a minute.
/// </summary>
public sealed class RetryHandler : DelegatingHandler
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly ResiliencePipeline<HttpResponseMessage> retries;

    public RetryHandler(int retries = 3, TimeProvider? time = null)
    {
        var clock = time ?? TimeProvider.System;
        this.retries = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = retries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(200),
                MaxDelay = TimeSpan.FromSeconds(10),
                UseJitter = true,
                ShouldHandle = attempt => ValueTask.FromResult(
                    attempt.Outcome.Exception is HttpRequestException
                    || (attempt.Outcome.Result is { } response && IsUndecided(response.StatusCode) && !(WaitOf(response, clock) > LongestWait))),
                DelayGenerator = attempt => ValueTask.FromResult(attempt.Outcome.Result is { } response ? WaitOf(response, clock) : null),
                OnRetry = attempt =>
                {
                    attempt.Outcome.Result?.Dispose();
                    return ValueTask.CompletedTask;
                },
            }).Build();
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        CallOptions.Of(request, CallOptions.IsRepeatable)
            ? retries.ExecuteAsync(async token => await base.SendAsync(request, token), cancellationToken).AsTask()
            : base.SendAsync(request, cancellationToken);

    private static bool IsUndecided(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private static TimeSpan? WaitOf(HttpResponseMessage response, TimeProvider time)
    {
        var wait = response.Headers.RetryAfter is { } after ? after.Delta ?? (after.Date - time.GetUtcNow()) : null;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
