using CapOrleans.Client;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>
/// Reports what was accepted and then, without a gap, what is accepted from now on: the stream is opened before the
/// list is read, and each incident is reported once.
/// </summary>
/// <param name="filter">Must have <c>From</c>.</param>
internal sealed class FollowedIncidents(IncidentFilter filter, Action<IncidentView> report)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2), LongestTurn = TimeSpan.FromHours(1);

    /// <summary>
    /// Allows for clocks that differ, and for an incident of one log that is committed after a later one of another.
    /// </summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(10);

    /// <summary>Above this number, incidents that were reported long ago are forgotten.</summary>
    private const int MaxReported = 100_000;

    private const string Accepted = "incident.accepted";

    private readonly Dictionary<(string CapId, string IncidentId), DateTimeOffset> reported = [];
    private DateTimeOffset listedUntil = filter.From!.Value;
    private bool isListed, isAway;
    private string? position;

    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (TimeLeft() > TimeSpan.Zero)
        {
            using var turn = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            turn.CancelAfter(TimeLeft() < LongestTurn ? TimeLeft() : LongestTurn);
            try
            {
                await Servers.ApiAsync(api => FollowAsync(api, turn.Token));
            }
            catch (CliFaultException fault) when (fault.ExitCode == ExitCodes.Unreachable)
            {
                if (!isAway)
                {
                    Output.Warn($"{fault.Message} Retrying every {Interval.TotalSeconds:0} seconds.");
                }

                isAway = true;
                await Task.Delay(Interval, TimeProvider.System, cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // This turn has ended.
            }
        }
    }

    private TimeSpan TimeLeft() => filter.To is { } end ? end + Overlap - TimeProvider.System.GetUtcNow() : TimeSpan.MaxValue;

    private async Task FollowAsync(ICapOrleansClient api, CancellationToken cancellationToken)
    {
        await foreach (var happened in api.StreamIncidentsAsync(filter, position, cancellationToken))
        {
            isAway = false;
            if (!isListed)
            {
                await ListAsync(api, cancellationToken);
            }

            position = happened.Id;
            if (happened is { Kind: Accepted, Incident: { } incident } && !(incident.AcceptedAt >= filter.To)
                && !reported.Remove((incident.CapId, incident.IncidentId)))
            {
                report(incident);
            }
        }
    }

    /// <summary>
    /// Lists what was accepted before; after an interruption, the next attempt resumes where this one stopped.
    /// </summary>
    private async Task ListAsync(ICapOrleansClient api, CancellationToken cancellationToken)
    {
        var opened = TimeProvider.System.GetUtcNow();
        var from = listedUntil - Overlap > filter.From ? listedUntil - Overlap : filter.From;
        await foreach (var incident in api.ListIncidentsAsync(filter with { From = from }, cancellationToken))
        {
            listedUntil = incident.AcceptedAt;
            if (reported.TryAdd((incident.CapId, incident.IncidentId), incident.AcceptedAt))
            {
                report(incident);
            }

            if (reported.Count >= MaxReported)
            {
                Forget(listedUntil < opened ? listedUntil : opened);
            }
        }

        Forget(opened);
        isListed = true;
    }

    private void Forget(DateTimeOffset before)
    {
        foreach (var (incident, _) in reported.Where(known => known.Value < before - Overlap).ToList())
        {
            reported.Remove(incident);
        }
    }
}
