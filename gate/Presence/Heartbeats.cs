using System.Globalization;
using CapOrleans.Client;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Access;
using CapOrleans.Core.Gates;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate.Presence;

/// <summary>
/// Sends the cluster signed heartbeats, with the number of incidents and dead letters in the spool; a cluster that
/// receives none records that in its log.
/// </summary>
internal sealed partial class Heartbeats(
    HttpClient http, ClusterLink cluster, RecentCounts recent, GateOptions options, TimeProvider time, ILogger<Heartbeats> logger)
        : BackgroundService
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Time to the next heartbeat after one that did not arrive: a gate that was just added joins soon.
    /// </summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(2);

    /// <summary>Why the last heartbeat did not arrive; null when it did.</summary>
    public string? LastError { get; private set; }

    private string? logged;

    /// <summary>The command that an admin of the cluster runs, once.</summary>
    private string AddCommand => $"cap gate add {options.Identity.Name} {options.Identity.Key.Address}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var lastError = await SendAsync(stoppingToken);
            if (lastError is null)
            {
                logged = null;
            }
            else if (LastError is not null && (logged is null || (IsUnknown(lastError) && !IsUnknown(logged))))
            {
                // Not after the first failure, which may come before the cluster is up.
                LogStalled(logged = lastError);
            }

            LastError = lastError;
            await Task.Delay(lastError is null ? SignedHeartbeat.Interval : RetryInterval, time, stoppingToken);
        }
    }

    private bool IsUnknown(string lastError) => lastError.EndsWith(AddCommand, StringComparison.Ordinal);

    /// <returns>Why the heartbeat did not arrive; null when it did.</returns>
    private async Task<string?> SendAsync(CancellationToken stoppingToken)
    {
        var api = cluster.Api;
        try
        {
            using var timeout = new CancellationTokenSource(Timeout, time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stoppingToken);
            await new CapOrleansClient(http, api).SendHeartbeatAsync(options.Identity.Name, Sign(), linked.Token);
            cluster.RecordReached();
            return null;
        }
        catch (ProblemException fault) when (fault.Problem.Name == "gate-unknown")
        {
            return $"{api} does not know this gate. An admin of the cluster must add it: {AddCommand}";
        }
        catch (ProblemException fault)
        {
            return OneLine.Of($"{api} does not accept this gate's heartbeat: {fault.Status} {fault.Problem.Rule}");
        }
        catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
        {
            if (fault is not NoAnswerException { Status: not null })
            {
                await cluster.CheckAndSwitchAsync(api);
            }

            return OneLine.Of($"{api} does not accept this gate's heartbeat: {fault.Message}");
        }
    }

    private HeartbeatBody Sign()
    {
        var (counts, timestamp) = (recent.Count(), time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'",
            CultureInfo.InvariantCulture));
        var signature = options.Identity.Key.Sign(SignedHeartbeat.Hash(options.Identity.Name, timestamp, counts.Waiting, counts.Dead));
        return new HeartbeatBody(timestamp, counts.Waiting, counts.Dead, $"{signature}");
    }

    [LoggerMessage(540, LogLevel.Warning, "{LastError}")]
    private partial void LogStalled(string lastError);
}
