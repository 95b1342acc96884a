using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CapOrleans.Contracts;
using CapOrleans.Contracts.Caps;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Settings;

namespace CapOrleans.Gate.Keys;

/// <param name="List">Null when there is an error.</param>
/// <param name="IsRefused">The cluster lets this gate read nothing: 401 or 403.</param>
/// <param name="Error">For an operator.</param>
internal sealed record KeyAnswer(KeyList? List, bool IsRefused, string? Error)
{
    /// <summary>The cluster is there and has no time for this look-up: 429, or a 503 of its own, not of what stands in between.</summary>
    public bool IsBusy { get; init; }

    /// <summary>It did not come in time: the cluster may be away, or have much to do.</summary>
    public bool IsLate { get; init; }
}

/// <summary>Asks the cluster who may speak for a CapID.</summary>
internal sealed class KeySource(HttpClient http, ClusterLink cluster, GateOptions options, TimeProvider time)
{
    /// <summary>For a host that waits. 1 second.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    /// <summary>To see whether the cluster is there at all: what answers within it is slow and not away. 5 seconds.</summary>
    public static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(5);

    public async Task<KeyAnswer> AskAsync(string capId, TimeSpan limit)
    {
        var now = time.GetTimestamp();
        var api = cluster.Api;
        try
        {
            using var timeout = new CancellationTokenSource(limit, time);
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(api, $"/v1/caps/{capId}"));
            request.Headers.Authorization = options.ApiKey() is { } key ? new AuthenticationHeaderValue("Bearer", key) : null;
            using var answer = await http.SendAsync(request, timeout.Token);
            var body = await answer.Content.ReadAsByteArrayAsync(timeout.Token);
            var list = answer.StatusCode == HttpStatusCode.OK ? Read(body, now)
                : answer.StatusCode == HttpStatusCode.NotFound && ProblemTypes.NameIn(body) == "cap-unknown" ? new KeyList(null, now)
                : null;
            var isRefused = answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
            var isBusy = answer.StatusCode == HttpStatusCode.TooManyRequests
                || (answer.StatusCode == HttpStatusCode.ServiceUnavailable && ProblemTypes.NameIn(body) is not null);
            return list is not null ? new KeyAnswer(list, IsRefused: false, null)
                : isBusy ? new KeyAnswer(null, IsRefused: false, $"{api} is busy: it answered {(int)answer.StatusCode}.") { IsBusy = true }
                : new KeyAnswer(null, isRefused, $"{api} gives no list of keys: it answered {(int)answer.StatusCode}; see Gate__ApiKeyFile.");
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or JsonException or IOException)
        {
            return new KeyAnswer(null, IsRefused: false, $"{api} gives no list of keys: {fault.Message}") { IsLate = fault is OperationCanceledException };
        }
    }

    private static KeyList? Read(byte[] json, long now)
    {
        var cap = JsonSerializer.Deserialize(json, KeyListJson.Default.CapView);
        return cap is { CapId: not null, Keys: not null } && cap.Keys.All(key => key is { Address: not null, Roles: not null })
            ? new KeyList(new CapContext(cap.CapId, cap.Version, cap.DisplayName, cap.CapPotential, cap.Phi, cap.Psi, cap.Keys, cap.Policy), now)
            : null;
    }
}
