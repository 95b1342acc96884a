using CapOrleans.Client;
using CapOrleans.Gate.Settings;

namespace CapOrleans.Gate.Forward;

/// <summary>
/// Several addresses of the cluster's API, of which one is used as long as it answers. One that did not is left alone for a minute, one that
/// asks to wait for as long as it asks, while there is another.
/// </summary>
internal sealed class ApiAddresses(HttpClient http, GateOptions options, TimeProvider time)
{
    private static readonly TimeSpan BackoffOfSilent = TimeSpan.FromMinutes(1), CheckTimeout = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly Dictionary<Uri, (long Since, TimeSpan Wait)> backoffs = []; // not times of day: clocks are set
    private readonly Dictionary<Uri, Task<bool>> checks = [];
    private int current, turn;

    public Uri Current => options.Apis[Volatile.Read(ref current)];

    /// <summary>Another one, unless somebody has gone on from it already.</summary>
    public void Leave(Uri api, bool isSilent, TimeSpan? backoff)
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
                    .Append(isSilent ? (current + 1) % count : current).First();
            }
        }
    }

    /// <summary>What stepped aside tries every way in turn, since another may have nothing in between; not one that is away.</summary>
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

        await SuspectAsync(api, isSilent: true, retryAfter: null);
        lock (gate)
        {
            return IsBackingOff(api) ? options.Apis[current] : api;
        }
    }

    /// <summary>
    /// A request had no answer of the cluster's. Strangers choose what is in one, and something in between may break it off for that: the address
    /// is left for another only when it says nothing to a request of no content either.
    /// </summary>
    /// <param name="isSilent">It said nothing at all.</param>
    /// <param name="retryAfter">What something in between asked for.</param>
    public async Task SuspectAsync(Uri api, bool isSilent, TimeSpan? retryAfter)
    {
        if (options.Apis.Count > 1 && !await IsThereAsync(api))
        {
            Leave(api, isSilent, isSilent ? BackoffOfSilent : retryAfter);
        }
    }

    /// <summary>Asked once at a time.</summary>
    private async Task<bool> IsThereAsync(Uri api)
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
        await Task.Yield(); // not under the lock
        try
        {
            using var timeout = new CancellationTokenSource(CheckTimeout, time);
            await new CapOrleansClient(http, api).SendBatchAsync([], timeout.Token);
            return true;
        }
        catch (ProblemException)
        {
            return true; // no incidents are no batch, says the API
        }
        catch (Exception fault) when (fault is ClientException or OperationCanceledException)
        {
            return false;
        }
    }

    private bool IsBackingOff(Uri api) => backoffs.TryGetValue(api, out var backoff) && time.GetElapsedTime(backoff.Since) < backoff.Wait;
}
