using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Caps;

/// <summary>Updates of incidents, which the CapID's keys authorise.</summary>
internal sealed partial class CapGrain
{
    private readonly SemaphoreSlim updating = new(1);

    public async Task<CapRuling> UpdateAsync(ProvenUpdate update)
    {
        await RefreshAsync();
        if (Judge(update) is { } refused)
        {
            return refused; // refused without waiting for a turn
        }

        await updating.WaitAsync(); // one at a time, so that each sees the updates before it
        try
        {
            return await UpdateInTurnAsync(update);
        }
        finally
        {
            updating.Release();
        }
    }

    private async Task<CapRuling> UpdateInTurnAsync(ProvenUpdate update)
    {
        var before = (await reader.UpdatesAsync([(CapId, update.IncidentId)], CancellationToken.None))
            .Select(known => IncidentUpdates.ReadView(known).View).ToList();
        var page = await escalations.StepsAsync(CapId, update.IncidentId, 1, CancellationToken.None) is [var newest]
            ? new NewestPage(newest.Index, Entry.ReadInstant(newest)) : null;
        if (IncidentUpdates.IsRedundant(before, update, page))
        {
            return new CapRuling(CapVerdict.Unchanged, null, null);
        }

        if (CapRefusals.RefusalOf(before, update, page) is { } conflict)
        {
            return new CapRuling(CapVerdict.Conflicts, null, conflict);
        }

        // A recovery comes from a report, which has a rate limit of its own.
        if (update is { SignedAt: not null, Recovery: null } && changes.Wait($"update {update.By}",
            ClusterLimits.UpdatesPerMinute) is not null)
        {
            return new CapRuling(CapVerdict.TooMany, null, CapRefusals.TooManyUpdates(ClusterLimits.UpdatesPerMinute));
        }

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var current = context;
            if (Judge(update) is { } refused)
            {
                return refused;
            }

            var outcome = await AppendAsync(new Append
            {
                Entries = [IncidentUpdates.Write(CapId, update, origin, time.GetUtcNow())],
                Expected = ExpectedVersion.Of(CapId, current),
                Update = new IncidentUpdateRow(CapId, update.IncidentId),
            });
            if (outcome.Verdict == AppendVerdict.Appended)
            {
                ForgetGroupsOf(update.IncidentId);
                return new CapRuling(CapVerdict.Changed, null, null);
            }

            if (outcome.Verdict == AppendVerdict.Busy)
            {
                break;
            }

            await LoadAsync(current);
        }

        return new CapRuling(CapVerdict.Busy, null, CapRefusals.Busy);
    }

    /// <returns>Null when the update is allowed.</returns>
    private CapRuling? Judge(ProvenUpdate update)
    {
        var refusal = context is null ? CapRefusals.CapUnknown : IncidentUpdates.Fault(context, update, time.GetUtcNow());
        DeactivateIfUnregistered();
        return refusal is null ? null : new CapRuling(CapRefusals.VerdictOf(refusal), null, refusal);
    }
}
