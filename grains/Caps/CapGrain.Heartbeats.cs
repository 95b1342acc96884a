using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Incidents;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Caps;

/// <summary>Records heartbeats, which the CapID's reporter keys sign, and files incidents for those that are missed.</summary>
/// <remarks>
/// Crash between an incident and the row that names it: the row is still due, or the sender still without an answer, and
/// the incident is filed again, under the same id, which the log refuses. Test:
/// <c>A_missed_heartbeat_is_one_incident_whatever_fails_meanwhile</c>.
/// </remarks>
internal sealed partial class CapGrain
{
    private readonly SemaphoreSlim beating = new(1);

    public async Task<HeartbeatRuling> BeatAsync(SentHeartbeat heartbeat)
    {
        await RefreshAsync();
        if (JudgeHeartbeat(heartbeat) is { } refused)
        {
            DeactivateIfUnregistered();
            return refused;
        }

        await beating.WaitAsync(); // one at a time, so that each sees what the one before left
        try
        {
            return await BeatInTurnAsync(heartbeat);
        }
        finally
        {
            beating.Release();
        }
    }

    public async Task MissAsync(string name)
    {
        await RefreshAsync();
        await beating.WaitAsync();
        try
        {
            var now = time.GetUtcNow();
            if (context is null || await heartbeats.FindHeartbeatAsync(CapId, name, CancellationToken.None) is not { DueAt: { } due } row
                || due > now)
            {
                return;
            }

            // What is open already stays the incident; one that is refused for good leaves the entry alone.
            var (isDone, incident) = await OpenIncidentAsync(row) is { } open
                ? (true, open)
                : await FileAsync(row, HeartbeatRules.IncidentId(name, due), now);
            if (isDone)
            {
                await AppendAsync(new Append
                {
                    Entries = [HeartbeatEntries.WriteMissed(row, incident, origin, now)],
                    Heartbeat = new HeartbeatCommit(CapId, name, row with { DueAt = null, Incident = incident }),
                });
            }
        }
        finally
        {
            beating.Release();
        }
    }

    public async Task<IReadOnlyList<HeartbeatRow>?> HeartbeatsAsync()
    {
        await RefreshAsync();
        DeactivateIfUnregistered();
        return context is null ? null : await heartbeats.HeartbeatsAsync(CapId, CancellationToken.None);
    }

    public async Task<bool> RemoveHeartbeatAsync(string name, Actor actor)
    {
        await RefreshAsync();
        DeactivateIfUnregistered();
        if (context is null || await heartbeats.FindHeartbeatAsync(CapId, name, CancellationToken.None) is null)
        {
            return false;
        }

        var outcome = await AppendAsync(new Append
        {
            Entries = [HeartbeatEntries.WriteRemoved(CapId, name, actor.Id, origin, time.GetUtcNow())],
            Heartbeat = new HeartbeatCommit(CapId, name, null),
        });
        return outcome.Verdict == AppendVerdict.Appended
            ? true : throw new TimeoutException($"The log did not accept the entry ({outcome.Verdict}); nothing was changed. Try again.");
    }

    /// <returns>Null when the heartbeat may be recorded.</returns>
    private HeartbeatRuling? JudgeHeartbeat(SentHeartbeat heartbeat)
    {
        if (context is null)
        {
            return new HeartbeatRuling(HeartbeatVerdict.CapUnknown, Refusal: CapRefusals.CapUnknown);
        }

        var fault = Admission.ReporterFault(context, heartbeat.Signer, heartbeat.SentAt)
            ?? (context.Rules.RequireFullSignature
                ? new Refusal("full-signature-required", "",
                    "The CapID accepts only incidents signed with full-v2; those of heartbeats are not.")
                : null);
        return fault is not null ? new HeartbeatRuling(HeartbeatVerdict.Unauthorised, Refusal: fault)
            : changes.Wait($"heartbeat {heartbeat.Signer}", ClusterLimits.HeartbeatsPerMinute) is not null
                ? new HeartbeatRuling(HeartbeatVerdict.TooMany, Refusal: new Refusal("too-many-heartbeats", "",
                    $"At most {ClusterLimits.HeartbeatsPerMinute} heartbeats per minute and key."))
            : null;
    }

    private async Task<HeartbeatRuling> BeatInTurnAsync(SentHeartbeat heartbeat)
    {
        var (before, now) = (await heartbeats.FindHeartbeatAsync(CapId, heartbeat.Name, CancellationToken.None), time.GetUtcNow());
        if (heartbeat.SentAt <= before?.Last.SentAt)
        {
            return before.Last == heartbeat ? new HeartbeatRuling(HeartbeatVerdict.Recorded, before)
                : Conflict(new Refusal("stale-heartbeat", "timestamp", "Must be later than that of the heartbeat before."));
        }

        if (before is null && (await heartbeats.HeartbeatsAsync(CapId, CancellationToken.None)).Count >= HeartbeatRules.MaxPerCap)
        {
            return Conflict(new Refusal("heartbeats-full", "name", $"A CapID has heartbeats of at most {HeartbeatRules.MaxPerCap} names."));
        }

        var row = new HeartbeatRow(CapId, heartbeat, now, HeartbeatRules.DueAfter(heartbeat, before?.DueAt, now), before?.Incident);
        if (heartbeat.Event == HeartbeatEvent.Failure && await OpenIncidentAsync(before) is null)
        {
            var (isDone, filed) = await FileAsync(row, HeartbeatRules.IncidentId(heartbeat.Name, heartbeat.SentAt), now);
            if (!isDone)
            {
                return new HeartbeatRuling(HeartbeatVerdict.Busy, Refusal: CapRefusals.Busy);
            }

            row = row with { Incident = filed };
        }
        else if (heartbeat.Event is HeartbeatEvent.Success or HeartbeatEvent.End && before?.Incident is { } incident)
        {
            if (!await TryResolveAsync(incident, heartbeat))
            {
                return new HeartbeatRuling(HeartbeatVerdict.Busy, Refusal: CapRefusals.Busy);
            }

            row = row with { Incident = null };
        }

        var outcome = await AppendAsync(ToAppend(row, before, now));
        return outcome.Verdict != AppendVerdict.Appended ? new HeartbeatRuling(HeartbeatVerdict.Busy, Refusal: CapRefusals.Busy)
            : new HeartbeatRuling(HeartbeatVerdict.Recorded, heartbeat.Event == HeartbeatEvent.End ? null : row);
    }

    private Append ToAppend(HeartbeatRow row, HeartbeatRow? before, DateTimeOffset now)
    {
        var (heartbeat, known) = (row.Last, before?.Last);
        var isKnown = known is not null
            && (known.Schedule, known.GraceSeconds, known.Severity) == (heartbeat.Schedule, heartbeat.GraceSeconds, heartbeat.Severity);
        var isLast = heartbeat.Event == HeartbeatEvent.End;
        return new Append
        {
            Entries = isLast ? [HeartbeatEntries.WriteRemoved(CapId, heartbeat.Name, heartbeat.Signer, origin, now)]
                : isKnown ? [] : [HeartbeatEntries.WriteChanged(CapId, heartbeat, origin, now)],
            Heartbeat = new HeartbeatCommit(CapId, heartbeat.Name, isLast ? null : row),
        };
    }

    private static HeartbeatRuling Conflict(Refusal refusal) => new(HeartbeatVerdict.Conflicts, Refusal: refusal);
}
