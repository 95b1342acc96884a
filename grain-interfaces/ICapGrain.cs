using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.GrainInterfaces;

/// <summary>One CapID: its domain context and its score. Key: the CapID.</summary>
[GrainInterfaceType(CapGrains.CapType), Alias(CapGrains.CapType)]
public interface ICapGrain : IGrainWithStringKey
{
    /// <summary>
    /// Judges reports whose signatures were already checked, and appends them to the log in the order given. Once a
    /// report must be sent again, no later one is accepted.
    /// </summary>
    /// <returns>One ruling per report.</returns>
    [Alias("accept")] Task<IReadOnlyList<Ruling>> AcceptAsync(IReadOnlyList<ProvenReport> reports);

    /// <summary>
    /// Decides what it can about a report signed by a contract wallet without calling the wallet, since that call is
    /// the expensive part.
    /// </summary>
    [Alias("wallet")] Task<WalletStanding> StandingAsync(IncidentReport report, string wallet);

    /// <summary>
    /// Registers the CapID or changes its context. The caller has verified that an operator makes the request.
    /// </summary>
    [Alias("define")] Task<CapRuling> DefineAsync(CapDefinition definition, Actor actor);

    /// <summary>
    /// Changes the context on the authority of one of the CapID's admin keys, which is checked here; or, for a request
    /// without a signature, on an operator's authority, which the caller has verified.
    /// </summary>
    [Alias("change")] Task<CapRuling> ChangeAsync(ChangeRequest request, Actor actor);

    /// <summary>Corrects an incident's dCap. The caller has verified that an operator makes the request.</summary>
    [Alias("correct")] Task<CapRuling> CorrectAsync(Correction correction, Actor actor);

    /// <summary>
    /// Logs an action on an incident, if the key that signed it is authorised or an operator requests it. An action
    /// that would change nothing is not logged.
    /// </summary>
    [Alias("update")] Task<CapRuling> UpdateAsync(ProvenUpdate update);

    /// <summary>
    /// Audits an agent-to-agent delegation log of this CapID, and records the log and the result in the audit log.
    /// </summary>
    /// <param name="delegationLog">A JSON object, at most 64 KiB, already checked to be strict JSON.</param>
    /// <returns>The result as JSON; null when the CapID is not registered.</returns>
    [Alias("audit-delegation")] Task<string?> AuditDelegationAsync(string delegationLog, Actor actor);

    /// <summary>Records a heartbeat, if the key that signed it is a reporter of the CapID.</summary>
    [Alias("beat")] Task<HeartbeatRuling> BeatAsync(SentHeartbeat heartbeat);

    /// <summary>Has a heartbeat become an incident if it is missed by now.</summary>
    [Alias("miss")] Task MissAsync(string name);

    /// <returns>Null when the CapID is not registered.</returns>
    [Alias("heartbeats")] Task<IReadOnlyList<HeartbeatRow>?> HeartbeatsAsync();

    /// <returns>False when there is no heartbeat of this name.</returns>
    [Alias("remove-heartbeat")] Task<bool> RemoveHeartbeatAsync(string name, Actor actor);

    /// <returns>Ids of the first incidents of the unresolved groups with this id, the newest first, at most 20.</returns>
    [Alias("open-groups")] Task<IReadOnlyList<string>> OpenGroupsAsync(string groupId);

    /// <returns>Null when the CapID is not registered.</returns>
    [Alias("read")] Task<CapView?> ReadAsync();
}
