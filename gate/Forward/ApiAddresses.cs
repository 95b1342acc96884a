using CapOrleans.Client;
using CapOrleans.Gate.Settings;

namespace CapOrleans.Gate.Forward;

/// <summary>
/// The addresses of the cluster's API, of which one is used as long as it answers. While there is another, an address
/// that did not answer is avoided for a minute, and one that asks to wait for as long as it asks.
/// </summary>
internal sealed class ApiAddresses(HttpClient http, GateOptions options, TimeProvider time)
{
    private static readonly TimeSpan UnreachableBackoff = TimeSpan.FromMinutes(1), CheckTimeout = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Dictionary<Uri, (long Since, TimeSpan Wait)> backoffs = []; // monotonic timestamps, since wall clocks get set
    private readonly Dictionary<Uri, Task<bool>> checks = [];
    private int current, turn;

    public Uri Current => options.Apis[Volatile.Read(ref current)];

    /// <summary>Switches to another address, unless another caller has already done so.</summary>
    public void SwitchFrom(Uri api, bool gaveNoAnswer, TimeSpan? backoff)
    {
        lock (gate)
        {
            var count = options.Apis.Count;
            if (backoff is { } wait)
            {
                backoffs[api] = (time.GetTimestamp(), wait);
            }

            if (options.Apis[current] == api)
            {
                current = Enumerable.Range(1, count - 1).Select(step => (current + step) % count)
                    .Where(other => !IsBackingOff(options.Apis[other]))
                    .Append(gaveNoAnswer ? (current + 1) % count : current).First();
            }
        }
    }

    /// <summary>
    /// Returns the address for an incident that stepped aside: each one in turn, since another may have no intermediary
    /// on the way. Instead of one that does not answer, returns the current one.
    /// </summary>
    public async Task<Uri> NextAsync()
    {
        var api = options.Apis[(int)((uint)Interlocked.Increment(ref turn) % (uint)options.Apis.Count)];
        lock (gate)
        {
            if (api == options.Apis[current] || IsBackingOff(api))
            {
                return options.Apis[current];
            }
        }

        await CheckAndSwitchAsync(api, gaveNoAnswer: true, retryAfter: null);
        lock (gate)
        {
            return IsBackingOff(api) ? options.Apis[current] : api;
        }
    }

    /// <summary>
    /// Handles a request that the cluster did not answer. Strangers choose what is in a request, and an intermediary
    /// may drop it for that: the address is left for another only when it does not answer a request without content
    /// either.
    /// </summary>
    /// <param name="gaveNoAnswer">There was no answer at all.</param>
    /// <param name="retryAfter">The wait that an intermediary asked for; null for none.</param>
    public async Task CheckAndSwitchAsync(Uri api, bool gaveNoAnswer, TimeSpan? retryAfter)
    {
        if (options.Apis.Count > 1 && !await IsReachableAsync(api))
        {
            SwitchFrom(api, gaveNoAnswer, gaveNoAnswer ? UnreachableBackoff : retryAfter);
        }
    }

    /// <summary>Concurrent callers share one check.</summary>
    private async Task<bool> IsReachableAsync(Uri api)
    {
        Task<bool> check;
        lock (gate)
        {
            check = checks.TryGetValue(api, out var known) && !known.IsCompleted ? known : checks[api] = CheckAsync(api);
        }

        return await check;
    }

    private async Task<bool> CheckAsync(Uri api)
    {
        await Task.Yield(); // leaves the caller's lock
        try
        {
            using var timeout = new CancellationTokenSource(CheckTimeout, time);
            await new CapOrleansClient(http, api).SendBatchAsync([], timeout.Token);
            return true;
        }
        catch (ProblemException)
        {
            return true; // the API is there: it refuses an empty batch
        }
        catch (Exception fault) when (fault is ClientException or OperationCanceledException)
        {
            return false;
        }
    }

    private bool IsBackingOff(Uri api) => backoffs.TryGetValue(api, out var backoff) && time.GetElapsedTime(backoff.Since) < backoff.Wait;
}
