using CapOrleans.Client;
using CapOrleans.Contracts.Caps;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Settings;

namespace CapOrleans.Gate.Keys;

/// <param name="List">Null when there is an error.</param>
/// <param name="IsRefused">The cluster refuses this gate all reads: 401 or 403.</param>
/// <param name="Error">For an operator.</param>
internal sealed record KeyAnswer(KeyList? List, bool IsRefused, string? Error)
{
    /// <summary>
    /// Whether the cluster answers, but has no time for this look-up: 429, or a 503 of its own rather than an
    /// intermediary's.
    /// </summary>
    public bool IsBusy { get; init; }

    /// <summary>Whether the look-up timed out: the cluster may be unreachable, or busy.</summary>
    public bool IsLate { get; init; }
}

/// <summary>Asks the cluster for the keys of a CapID.</summary>
internal sealed class KeySource(HttpClient http, ClusterLink cluster, GateOptions options, TimeProvider time)
{
    /// <summary>Timeout while a host waits. 1 second.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Timeout to find out whether the cluster can be reached at all: one that answers within it is slow, not
    /// unreachable. 5 seconds.
    /// </summary>
    public static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(5);

    public async Task<KeyAnswer> AskAsync(string capId, TimeSpan limit)
    {
        var now = time.GetTimestamp();
        var api = cluster.Api;
        try
        {
            using var timeout = new CancellationTokenSource(limit, time);
            var client = new CapOrleansClient(http, api, new ClientOptions { Token = options.ApiKey() });
            var cap = await client.GetCapAsync(capId, timeout.Token);
            var context = new CapContext(cap.CapId, cap.Version, cap.DisplayName, cap.CapPotential, cap.Phi, cap.Psi, cap.Keys, cap.Policy);
            return new KeyAnswer(new KeyList(context, now), IsRefused: false, null);
        }
        catch (ProblemException fault) when (fault is { Status: StatusCodes.Status404NotFound, Problem.Name: "cap-unknown" })
        {
            return new KeyAnswer(new KeyList(null, now), IsRefused: false, null);
        }
        catch (ClientException fault) when (fault.Status is StatusCodes.Status429TooManyRequests
            || fault is ProblemException { Status: StatusCodes.Status503ServiceUnavailable })
        {
            return new KeyAnswer(null, IsRefused: false, $"{api} is busy: it answered {fault.Status}.") { IsBusy = true };
        }
        catch (ClientException fault) when (fault.Status is not null)
        {
            // A 403 that is not a problem of the API's is a firewall's, for this one URL: strangers choose part of it.
            var isRefused = fault.Status is StatusCodes.Status401Unauthorized
                || fault is ProblemException { Status: StatusCodes.Status403Forbidden };
            return new KeyAnswer(null, isRefused, $"Cannot read keys from {api}: it answered {fault.Status}; check Gate__ApiKeyFile.");
        }
        catch (Exception fault) when (fault is NoAnswerException or OperationCanceledException)
        {
            var reason = fault.GetBaseException();
            var isLate = reason is OperationCanceledException;
            if (!isLate || limit >= ConfirmTimeout)
            {
                _ = cluster.CheckAndSwitchAsync(api); // the host does not wait for this
            }

            return new KeyAnswer(null, IsRefused: false, $"Cannot read keys from {api}: {reason.Message}") { IsLate = isLate };
        }
    }
}
