using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Grains.Archive;

/// <summary>How many of the accepted incidents are checked again on their way into the archive. Default 100 percent; 0 to 100.</summary>
public sealed record ProofCheckShare(int Percent);

/// <summary>An entry of an accepted incident that does not prove what it says.</summary>
internal sealed record FailedProof(long Index, string CapId, string IncidentId, string Rule);

/// <summary>
/// Checks entries that are in the log already as a stranger would: it does not trust that whoever appended them checked anything.
/// </summary>
internal sealed class ProofCheck(IAuditLogReader log, ProofCheckShare share)
{
    public async Task<IReadOnlyList<FailedProof>> FindAsync(IEnumerable<LogEntry> entries, CancellationToken cancellationToken)
    {
        var (failed, contexts) = (new List<FailedProof>(), new Dictionary<string, CapContext?>(StringComparer.Ordinal));
        foreach (var entry in entries.Where(_ => share.Percent == 100 || Random.Shared.Next(100) < share.Percent))
        {
            var incident = AcceptedIncident.Read(entry.Bytes);
            if (!contexts.TryGetValue(incident.CapId, out var context))
            {
                contexts[incident.CapId] = context = (await log.FindCapAsync(incident.CapId, cancellationToken))?.Context;
            }

            // A key that was ever the CapID's is in its context for ever, revoked or not.
            var rule = AcceptedProof.Fault(incident)
                ?? (incident.Signer is null || context?.Keys.Any(key => key.Address == incident.Signer) == true ? null : $"{incident.Signer} was never a key of the CapID");
            if (rule is not null)
            {
                failed.Add(new FailedProof(entry.Index, incident.CapId, incident.IncidentId, rule));
            }
        }

        return failed;
    }
}
