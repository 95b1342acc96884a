using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CapOrleans.Contracts.Caps;
using CapOrleans.Gate.Forward;

namespace CapOrleans.Gate.Keys;

/// <summary>A CapID's context as the cluster gave it; null when the cluster has no such CapID.</summary>
/// <param name="At">Timestamp of its asking, not a time of day: clocks are set.</param>
internal sealed record KeyList(CapContext? Context, long At);

/// <summary>
/// Who may speak, so that garbage stops at the edge. A list that says yes is used for half a minute; before it says no it must be new,
/// since a key may just have been added. Without a list, nobody is refused for want of authority.
/// </summary>
internal sealed class KeyLists(HttpClient http, ClusterLink cluster, GateOptions options, TimeProvider time)
{
    /// <summary>CapIDs that are remembered; more, and all are asked for again.</summary>
    private const int MaxLists = 10_000;

    /// <summary>How old a list may be that says yes, and one that says no.</summary>
    public static readonly TimeSpan ForYes = TimeSpan.FromSeconds(30), ForNo = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1), Silence = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, KeyList> lists = new(StringComparer.Ordinal);
    private long silentSince;

    /// <summary>What kept the cluster from giving a list; null when nothing did.</summary>
    public string? Trouble { get; private set; }

    /// <returns>The last list, however old; null when there was none.</returns>
    public KeyList? Last(string capId) => lists.GetValueOrDefault(capId);

    /// <returns>Null when there is no list that is new enough.</returns>
    public async Task<KeyList?> FindAsync(string capId, TimeSpan maxAge)
    {
        if (lists.TryGetValue(capId, out var held) && time.GetElapsedTime(held.At) <= maxAge)
        {
            return held;
        }

        if (Trouble is null)
        {
            return await AskAsync(capId);
        }

        // Hosts do not wait for a cluster that is away: now and then one of them asks, and the others go on.
        var since = Interlocked.Read(ref silentSince);
        return time.GetElapsedTime(since) >= Silence && Interlocked.CompareExchange(ref silentSince, time.GetTimestamp(), since) == since
            ? await AskAsync(capId)
            : null;
    }

    private async Task<KeyList?> AskAsync(string capId)
    {
        var now = time.GetTimestamp();
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(cluster.Api, $"/v1/caps/{capId}"));
            request.Headers.Authorization = options.ApiKey() is { } key ? new AuthenticationHeaderValue("Bearer", key) : null;
            using var answer = await http.SendAsync(request, patience.Token);
            var body = await answer.Content.ReadAsByteArrayAsync(patience.Token);
            var list = answer.StatusCode == HttpStatusCode.OK ? Read(body, now)
                : answer.StatusCode == HttpStatusCode.NotFound && ClusterLink.ProblemOf(body) == "cap-unknown" ? new KeyList(null, now)
                : null;
            if (list is not null)
            {
                Trouble = null;
                return Keep(capId, list);
            }

            Trouble = $"{cluster.Api} gives no list of keys: it answered {(int)answer.StatusCode}; see Gate__ApiKeyFile.";
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or JsonException or IOException)
        {
            Trouble = $"{cluster.Api} gives no list of keys: {fault.Message}"; // nobody is refused for it
        }

        Interlocked.Exchange(ref silentSince, time.GetTimestamp());
        return null;
    }

    private KeyList Keep(string capId, KeyList list)
    {
        if (lists.Count >= MaxLists)
        {
            lists.Clear();
        }

        return lists[capId] = list;
    }

    private static KeyList? Read(byte[] json, long now) => JsonSerializer.Deserialize(json, KeyListJson.Default.CapView) is { CapId: not null, Keys: not null } cap
        ? new KeyList(new CapContext(cap.CapId, cap.Version, cap.DisplayName, cap.CapPotential, cap.Phi, cap.Psi, cap.Keys, cap.Policy), now)
        : null;
}
