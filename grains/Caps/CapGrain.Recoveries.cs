using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Grains.Caps;

/// <summary>Resolves a failure when the key that reported it reports the recovery, as a hook does.</summary>
internal sealed partial class CapGrain
{
    /// <remarks>
    /// Crash between the acceptance and this: the sender got no answer, and its retry comes here again. Test:
    /// <c>A_recovery_resolves_what_the_hook_reported_before_and_nothing_else</c>.
    /// </remarks>
    private async Task ResolveAsync(IReadOnlyList<ProvenReport> reports, Ruling[] rulings)
    {
        for (var i = 0; i < reports.Count; i++)
        {
            var (report, signer) = (reports[i].Report, reports[i].Signer);
            if (signer is not null && rulings[i].Verdict is Verdict.Accepted or Verdict.AlreadyAccepted
                && Recovery.FailureOf(report.IncidentId) is { } failure && !await TryResolveAsync(failure, rulings[i].Receipt!, signer))
            {
                rulings[i] = Ruling.Refuse(Verdict.Busy, "busy", "", "The recovery was accepted, but the failure " +
                    "could not be resolved yet; retry the same request.");
            }
        }
    }

    /// <returns>False when it could not be done now. True also when there is nothing to resolve, or the signer may not
    /// resolve it.</returns>
    private async Task<bool> TryResolveAsync(string failure, Receipt recovery, string signer)
    {
        if (await reader.FindIncidentAsync(CapId, failure, CancellationToken.None) is not { } entry
            || AcceptedIncident.Read(entry.Bytes) is var accepted && accepted.Signer != signer)
        {
            return true;
        }

        var ruling = await UpdateAsync(new ProvenUpdate(
            new UpdateRequest(UpdateAction.Resolve, null, null, null), failure, entry.Index, accepted.Severity, accepted.PagingFloor,
            accepted.Signer, signer, null, time.GetUtcNow()) { Recovery = recovery.IncidentId, RecoveryIndex = recovery.Index });
        return ruling.Verdict is not (CapVerdict.Busy or CapVerdict.TooMany);
    }
}
