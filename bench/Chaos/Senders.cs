using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CapOrleans.Bench.Load;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Chaos;

/// <summary>What the service promised: the log and position of an incident.</summary>
internal sealed record Promise(string Origin, long Index, string LeafHash);

/// <summary>
/// Hosts that never give up: each sends one incident after another, honours <c>Retry-After</c>, sends the same one
/// again when it got no answer, and records what it was promised.
/// </summary>
/// <param name="accepted">Is called with the key of each incident that was accepted.</param>
internal sealed class Senders(
    Cluster cluster, IReadOnlyList<string> capIds, int count, double perSecond, Action<string>? accepted = null) : IDisposable
{
    private readonly SignedIncidents incidents = new(cluster.Reporter, capIds);
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> running = [];
    private readonly ConcurrentDictionary<string, long> lastAcceptance = new();
    private readonly Lock gaps = new();
    private long longestGap;

    /// <summary>Promises by the incident's key, <c>capId/incidentId</c>.</summary>
    public ConcurrentDictionary<string, Promise> Promised { get; } = new();

    /// <summary>Every incident that was ever sent.</summary>
    public ConcurrentDictionary<string, byte[]> Offered { get; } = new();

    /// <summary>Answers that a correct client must not get.</summary>
    public ConcurrentQueue<string> UnexpectedAnswers { get; } = new();

    public int Refused503;

    public void Start() => running.AddRange(Enumerable.Range(0, count).Select(_ => Task.Run(RunAsync)));

    /// <summary>Completes when every incident that was begun has its answer.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running);
    }

    /// <returns>The longest time without an acceptance in any one log since the previous call.</returns>
    public TimeSpan TakeLongestGap() => TimeProvider.System.GetElapsedTime(0, Interlocked.Exchange(ref longestGap, 0));

    public void Dispose() => stop.Dispose();

    private async Task RunAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var body = incidents.Make(1)[0];
            using var document = JsonDocument.Parse(body);
            var key = $"{document.RootElement.GetProperty("cap_id").GetString()}/{document.RootElement.GetProperty("task_id").GetString()}";
            Offered[key] = body;
            while (!await SendAsync(key, body))
            {
            }

            await Task.Delay(TimeSpan.FromSeconds(count / perSecond), TimeProvider.System);
        }
    }

    /// <returns>True when this incident is finished.</returns>
    private async Task<bool> SendAsync(string key, byte[] body)
    {
        try
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await cluster.Http.PostAsync("/v1/incidents", content);
            var text = await answer.Content.ReadAsStringAsync();
            switch (answer.StatusCode)
            {
                case HttpStatusCode.Created or HttpStatusCode.OK:
                    var log = JsonElement.Parse(text).GetProperty("log");
                    Promised[key] = new Promise(log.GetProperty("origin").GetString()!, log.GetProperty("index").GetInt64(), log.GetProperty("leafHash").GetString()!);
                    NoteAcceptance(Promised[key].Origin);
                    accepted?.Invoke(key);
                    return true;
                case HttpStatusCode.ServiceUnavailable when answer.Headers.RetryAfter?.Delta is { } wait:
                    Interlocked.Increment(ref Refused503);
                    await Task.Delay(wait, TimeProvider.System);
                    return false;
                default:
                    UnexpectedAnswers.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode} for {key}: {text}"));
                    return true;
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
            return false; // whether it was accepted is unknown
        }
    }

    private void NoteAcceptance(string origin)
    {
        var now = TimeProvider.System.GetTimestamp();
        lock (gaps)
        {
            longestGap = Math.Max(longestGap, now - lastAcceptance.GetValueOrDefault(origin, now));
            lastAcceptance[origin] = now;
        }
    }
}
