using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CapOrleans.Contracts.Caps;
using CapOrleans.Gate.Forward;

namespace CapOrleans.Gate.Keys;

/// <summary>A CapID's context as the cluster gave it; null when the cluster has no such CapID.</summary>
internal sealed record KeyList(CapContext? Context);

/// <summary>
/// Who may speak, so that garbage stops at the edge. A list is asked for again after half a minute, and used for ten when the cluster is
/// away; without one, nobody is refused for want of authority.
/// </summary>
internal sealed class KeyLists(HttpClient http, ClusterLink cluster, GateOptions options, TimeProvider time)
{
    /// <summary>CapIDs that are remembered; more, and all are asked for again.</summary>
    private const int MaxLists = 10_000;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30), Usable = TimeSpan.FromMinutes(10), Patience = TimeSpan.FromSeconds(1), Silence = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Held> lists = new(StringComparer.Ordinal);
    private DateTimeOffset silentUntil;

    /// <returns>Null when there is no list that is new enough.</returns>
    public async Task<KeyList?> FindAsync(string capId)
    {
        var now = time.GetUtcNow();
        var held = lists.GetValueOrDefault(capId);
        if (held is not null && now - held.At < Fresh)
        {
            return held.List;
        }

        if (now >= silentUntil && await AskAsync(capId) is { } list)
        {
            if (lists.Count >= MaxLists)
            {
                lists.Clear();
            }

            lists[capId] = new Held(list, now);
            return list;
        }

        return held is not null && now - held.At < Usable ? held.List : null;
    }

    private async Task<KeyList?> AskAsync(string capId)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(cluster.Api, $"/v1/caps/{capId}"));
            request.Headers.Authorization = options.ApiKey() is { } key ? new AuthenticationHeaderValue("Bearer", key) : null;
            using var answer = await http.SendAsync(request, patience.Token);
            switch (answer.StatusCode)
            {
                case HttpStatusCode.NotFound: return new KeyList(null);
                case HttpStatusCode.OK: return Read(await answer.Content.ReadAsStreamAsync(patience.Token));
            }
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or JsonException or IOException)
        {
            // Nobody is refused for it.
        }

        silentUntil = time.GetUtcNow() + Silence; // hosts do not wait for a cluster that is away, each in turn
        return null;
    }

    private static KeyList? Read(Stream json) => JsonSerializer.Deserialize(json, KeyListJson.Default.CapView) is { } cap
        ? new KeyList(new CapContext(cap.CapId, cap.Version, cap.DisplayName, cap.CapPotential, cap.Phi, cap.Psi, cap.Keys, cap.Policy))
        : null;

    private sealed record Held(KeyList List, DateTimeOffset At);
}
