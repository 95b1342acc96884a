using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.GrainInterfaces;

/// <summary>One CapID: its domain context, its score. Key: the CapID.</summary>
[GrainInterfaceType(CapGrains.CapType), Alias(CapGrains.CapType)]
public interface ICapGrain : IGrainWithStringKey
{
    /// <summary>
    /// Judges reports whose signatures were checked, and puts them into the log in the order given. After one that must be sent again,
    /// none is accepted.
    /// </summary>
    /// <returns>A ruling for each.</returns>
    [Alias("accept")] Task<IReadOnlyList<Ruling>> AcceptAsync(IReadOnlyList<ProvenReport> reports);

    /// <summary>Whether a contract wallet that a report names is worth being asked about it: to ask costs more than to know.</summary>
    [Alias("wallet")] Task<WalletStanding> StandingAsync(IncidentReport report, string wallet);

    /// <summary>Registers the CapID or changes its context. The caller has made sure that an operator asks.</summary>
    [Alias("define")] Task<CapRuling> DefineAsync(CapDefinition definition, Actor actor);

    /// <summary>
    /// Changes the context on the authority of one of its admin keys, which is checked here, or, when the request carries no signature, of
    /// an operator, whom the caller has made sure of.
    /// </summary>
    [Alias("change")] Task<CapRuling> ChangeAsync(ChangeRequest request, Actor actor);

    /// <summary>Corrects an incident's dCap. The caller has made sure that an operator asks.</summary>
    [Alias("correct")] Task<CapRuling> CorrectAsync(Correction correction, Actor actor);

    /// <summary>Logs what is done about an incident, when the key that signed it may, or an operator asks. It was not so before.</summary>
    [Alias("update")] Task<CapRuling> UpdateAsync(ProvenUpdate update);

    /// <summary>Audits an agent-to-agent delegation log of this CapID and puts log and result into the audit log.</summary>
    /// <param name="delegationLog">A JSON object, at most 64 KiB, checked to be strict JSON.</param>
    /// <returns>The result as JSON; null when the CapID is not registered.</returns>
    [Alias("audit-delegation")] Task<string?> AuditDelegationAsync(string delegationLog, Actor actor);

    /// <returns>Null when the CapID is not registered.</returns>
    [Alias("read")] Task<CapView?> ReadAsync();
}
