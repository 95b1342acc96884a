using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Grains.Archive;

/// <summary>
/// Share of the accepted incidents that are re-checked on their way into the archive. Default 100 percent; 0 to 100.
/// </summary>
public sealed record ProofCheckShare(int Percent);

/// <summary>An entry of an accepted incident whose proof does not hold.</summary>
internal sealed record FailedProof(long Index, string CapId, string IncidentId, string Rule);

/// <summary>
/// Checks entries that are already in the log as an outsider would, without trusting that they were checked before they
/// were appended.
/// </summary>
internal sealed class ProofCheck(IAuditLogReader log, ProofCheckShare share, AdmissionPolicy policy)
{
    public async Task<IReadOnlyList<FailedProof>> FindAsync(IEnumerable<LogEntry> entries, CancellationToken cancellationToken)
    {
        var (failed, contexts) = (new List<FailedProof>(), new Dictionary<string, CapContext?>(StringComparer.Ordinal));
        foreach (var entry in entries.Where(_ => share.Percent == 100 || Random.Shared.Next(100) < share.Percent))
        {
            if (!AcceptedProof.TryRead(entry.Bytes, out var incident))
            {
                failed.Add(new FailedProof(entry.Index, "", "", "it cannot be read as an accepted incident"));
                continue;
            }

            if (!contexts.TryGetValue(incident.CapId, out var context))
            {
                contexts[incident.CapId] = context = (await log.FindCapAsync(incident.CapId, cancellationToken))?.Context;
            }

            if ((AcceptedProof.Fault(incident) ?? ContextFault(incident, context)) is { } rule)
            {
                failed.Add(new FailedProof(entry.Index, incident.CapId, incident.IncidentId, rule));
            }
        }

        return failed;
    }

    /// <summary>
    /// Compares an incident with its CapID's context. The context has every key that the CapID ever had, revoked or
    /// not, but only the newest version's numbers.
    /// </summary>
    private string? ContextFault(AcceptedIncident incident, CapContext? context) =>
        incident.Signer is null
            ? (policy.AcceptUnsigned || incident.Integration is not null ? null : "it is unsigned, and unsigned incidents are refused")
        : context?.Keys.FirstOrDefault(key => key.Address == incident.Signer) is not { } key ? $"{incident.Signer} was never a key of the CapID"
        : key.IsContract != (incident.WalletBlock is not null) ? $"{incident.Signer} is " +
            $"{(key.IsContract ? "a contract wallet" : "not a contract wallet")}"
        : incident.ChainId is { } chain && chain != policy.ChainId ? $"it was signed for chain {chain}"
        : incident.ContextVersion > context.Version ? $"the CapID has no context of version {incident.ContextVersion}"
        : incident.ContextVersion == context.Version && NumbersOf(incident) != (context.CapPotential, context.Phi, context.Psi, context.Rules.DeltaCapLimit, context.Rules.SelfFeedback)
            ? $"its Cap^P, phi, psi or policy values differ from version {context.Version} of the context"
        : null;

    private static (decimal CapPotential, decimal Phi, decimal Psi, decimal DeltaCapLimit, string SelfFeedback) NumbersOf(AcceptedIncident incident) =>
        (incident.CapPotential, incident.Phi, incident.Psi, incident.DeltaCapLimit, incident.SelfFeedback);
}
