using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Grains.Caps;

/// <summary>A recovery that a hook reports resolves the failure that the same key reported before.</summary>
internal sealed partial class CapGrain
{
    /// <remarks>
    /// Crash between the acceptance and this: nobody was answered, and who sends the same again comes here again. Test:
    /// <c>A_recovery_resolves_what_the_hook_reported_before</c>.
    /// </remarks>
    private async Task ResolveAsync(IReadOnlyList<ProvenReport> reports, Ruling[] rulings)
    {
        for (var i = 0; i < reports.Count; i++)
        {
            var (report, signer) = (reports[i].Report, reports[i].Signer);
            if (signer is not null && rulings[i].Verdict is Verdict.Accepted or Verdict.AlreadyAccepted
                && Recovery.FailureOf(report.IncidentId) is { } failure && !await IsResolvedAsync(failure, rulings[i].Receipt!, signer))
            {
                rulings[i] = Ruling.Refuse(Verdict.Busy, "busy", "", "The recovery is kept; send the same again, to resolve the failure.");
            }
        }
    }

    /// <returns>False when it could not be done now. Who may not, or has nothing to resolve, has done it.</returns>
    private async Task<bool> IsResolvedAsync(string failure, Receipt recovery, string signer)
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
