using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Caps;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Caps;

/// <summary>Updates of incidents: the CapID knows whose keys may.</summary>
internal sealed partial class CapGrain
{
    public async Task<CapRuling> UpdateAsync(ProvenUpdate update)
    {
        await RefreshAsync();
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var (current, now) = (context, time.GetUtcNow());
            var refusal = current is null ? CapRefusals.CapUnknown : IncidentUpdates.Fault(current, update, now);
            if (refusal is not null)
            {
                LeaveIfUnknown();
                return new CapRuling(CapRefusals.VerdictOf(refusal), null, refusal);
            }

            if (update.IsSo)
            {
                return new CapRuling(CapVerdict.Unchanged, null, null);
            }

            if (update.Conflict is { } conflict)
            {
                return new CapRuling(CapVerdict.Conflicts, null, conflict);
            }

            // Who signs must be known first; then only so much is for ever.
            if (attempt == 0 && update.SignedAt is not null
                && changes.Wait($"update {update.By}", ClusterLimits.UpdatesPerMinute) is not null)
            {
                return new CapRuling(CapVerdict.TooMany, null, CapRefusals.TooManyUpdates(ClusterLimits.UpdatesPerMinute));
            }

            var outcome = await AppendAsync(new Append
            {
                Entries = [IncidentUpdates.Write(CapId, update, origin, now)],
                Expected = ExpectedVersion.Of(CapId, current),
                Update = new IncidentUpdateRow(CapId, update.IncidentId),
            });
            if (outcome.Verdict == AppendVerdict.Appended)
            {
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
}
