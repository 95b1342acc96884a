using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Contracts.Gates;
using CapOrleans.Contracts.Heartbeats;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Contracts.Operations;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Client;

/// <summary>
/// The API (docs/protocol.md). Each call throws a <see cref="ClientException"/> when it does not succeed: a <see cref="ProblemException"/>
/// when the service refused, a <see cref="NoAnswerException"/> when it did not answer.
/// </summary>
public interface ICapOrleansClient
{
    /// <summary>Sends a signed incident. Sending the same one again returns the same receipt.</summary>
    /// <param name="incident">JSON, exactly as it was signed.</param>
    Task<AcceptedAnswer> SendIncidentAsync(byte[] incident, CancellationToken cancellationToken);

    /// <summary>Sends many incidents; a refused line does not affect the others.</summary>
    /// <param name="incidents">Each on one line; at most 500, and 1 MiB in total.</param>
    Task<BatchResult> SendBatchAsync(IReadOnlyList<byte[]> incidents, CancellationToken cancellationToken);

    /// <returns>Null when none was accepted under this CapID and id.</returns>
    Task<IncidentView?> FindIncidentAsync(string capId, string incidentId, CancellationToken cancellationToken);

    /// <summary>
    /// Lists incidents, log by log and in order within each; with a time bound or newest first, in order of acceptance.
    /// </summary>
    IAsyncEnumerable<IncidentView> ListIncidentsAsync(IncidentFilter filter, CancellationToken cancellationToken);

    /// <summary>
    /// Streams incidents as they are accepted and answered, until the server ends the stream after ten minutes;
    /// reconnect with the id of the last event. The first event is a heartbeat with the position where the stream
    /// begins.
    /// </summary>
    /// <param name="filter">Only CapID and severities apply.</param>
    /// <param name="after">Id of an event; <c>-1</c> for the beginning of the logs, null for new events only.</param>
    IAsyncEnumerable<IncidentEvent> StreamIncidentsAsync(IncidentFilter filter, string? after, CancellationToken cancellationToken);

    /// <summary>Lists a log's entries after an index; -1 for all.</summary>
    IAsyncEnumerable<EntryView> ListEntriesAsync(int log, long after, CancellationToken cancellationToken);

    Task<CapView> GetCapAsync(string capId, CancellationToken cancellationToken);

    /// <summary>Registers a CapID, or changes its context; keys that are not named are revoked.</summary>
    Task<CapView> DefineCapAsync(string capId, CapDefinition definition, CancellationToken cancellationToken);

    /// <summary>Adds a key, revokes one, or changes the policy.</summary>
    /// <param name="adminKey">An admin key of the CapID to sign the change; null to send it as an operator.</param>
    Task<CapView> ChangeCapAsync(string capId, ContextChange change, PrivateKey? adminKey, CancellationToken cancellationToken);

    Task<CapView> CorrectScoreAsync(string capId, Correction correction, CancellationToken cancellationToken);

    /// <summary>Lists all CapIDs, in order.</summary>
    IAsyncEnumerable<CapSummary> ListCapsAsync(CancellationToken cancellationToken);

    /// <summary>Lists all steps of a CapID's score; their sum is the score.</summary>
    IAsyncEnumerable<ScoreStep> ListScoreStepsAsync(string capId, CancellationToken cancellationToken);

    Task<IReadOnlyList<GateView>> ListGatesAsync(CancellationToken cancellationToken);

    /// <param name="address">Address of the gate's key.</param>
    Task AddGateAsync(string gate, string address, CancellationToken cancellationToken);

    Task RemoveGateAsync(string gate, CancellationToken cancellationToken);

    Task SendHeartbeatAsync(string gate, HeartbeatBody heartbeat, CancellationToken cancellationToken);

    /// <param name="heartbeat">Signed by a reporter key of the CapID; see <see cref="HeartbeatSigner"/>.</param>
    Task SendHeartbeatAsync(string capId, string name, HeartbeatRequest heartbeat, CancellationToken cancellationToken);

    Task<IReadOnlyList<HeartbeatView>> ListHeartbeatsAsync(string capId, CancellationToken cancellationToken);

    Task RemoveHeartbeatAsync(string capId, string name, CancellationToken cancellationToken);

    Task<IReadOnlyList<OperatorView>> ListApiKeysAsync(CancellationToken cancellationToken);

    /// <param name="scope"><c>read</c>, <c>operate</c> or <c>admin</c>.</param>
    Task<OperatorView> CreateApiKeyAsync(string name, string scope, CancellationToken cancellationToken);

    Task RevokeApiKeyAsync(string id, CancellationToken cancellationToken);

    Task<IReadOnlyList<IntegrationView>> ListIntegrationsAsync(CancellationToken cancellationToken);

    /// <summary>Lets another system file incidents of a CapID with a key, which only this response contains.</summary>
    Task<IntegrationView> CreateIntegrationAsync(string name, string capId, CancellationToken cancellationToken);

    Task RemoveIntegrationAsync(string id, CancellationToken cancellationToken);

    /// <summary>Acknowledges, resolves, reopens or responds to an incident.</summary>
    /// <param name="key">A key of the CapID with the role responder; null to send it as an operator.</param>
    /// <returns>The incident after the update.</returns>
    Task<IncidentView> UpdateIncidentAsync(
        string capId, string incidentId, UpdateAction action, string? note, PrivateKey? key, CancellationToken cancellationToken);

    Task<IReadOnlyList<WebhookView>> ListWebhooksAsync(CancellationToken cancellationToken);

    Task<WebhookView> RegisterWebhookAsync(WebhookRequest webhook, CancellationToken cancellationToken);

    Task<WebhookView> ChangeWebhookAsync(string id, WebhookChangeRequest change, CancellationToken cancellationToken);

    Task RemoveWebhookAsync(string id, CancellationToken cancellationToken);

    Task<WebhookTestView> TestWebhookAsync(string id, CancellationToken cancellationToken);

    Task<WebhookView> EnableWebhookAsync(string id, CancellationToken cancellationToken);

    Task<WebhookView> RotateWebhookSecretAsync(string id, CancellationToken cancellationToken);

    /// <param name="state"><c>waiting</c>, <c>delivered</c> or <c>exhausted</c>; null for all.</param>
    /// <returns>The most recently changed first.</returns>
    IAsyncEnumerable<DeliveryView> ListDeliveriesAsync(string webhook, string? state, CancellationToken cancellationToken);

    /// <returns>Number of deliveries that are queued now.</returns>
    Task<int> RedeliverAsync(string webhook, RedeliveryRequest request, CancellationToken cancellationToken);

    Task<IReadOnlyList<LadderView>> ListLaddersAsync(CancellationToken cancellationToken);

    /// <summary>Creates or changes a ladder.</summary>
    Task<LadderView> PutLadderAsync(string id, LadderRequest ladder, CancellationToken cancellationToken);

    Task RemoveLadderAsync(string id, CancellationToken cancellationToken);

    /// <param name="severity">Null for critical.</param>
    /// <param name="at">When the incident is accepted; null for now.</param>
    /// <returns>Who would be paged for an incident that no one answers, and when.</returns>
    Task<LadderPreview> PreviewLadderAsync(
        string id, string capId, string? severity, DateTimeOffset? at, CancellationToken cancellationToken);

    Task<IReadOnlyList<RotationView>> ListRotationsAsync(CancellationToken cancellationToken);

    /// <summary>Creates or changes a rotation; its overrides stay.</summary>
    Task<RotationView> PutRotationAsync(string id, RotationRequest rotation, CancellationToken cancellationToken);

    Task RemoveRotationAsync(string id, CancellationToken cancellationToken);

    /// <param name="from">Null for now.</param>
    /// <param name="until">Null for 30 days after <paramref name="from"/>.</param>
    /// <returns>Who is on call when; shifts without a name are times at which no one is.</returns>
    Task<IReadOnlyList<ShiftView>> ListShiftsAsync(
        string id, DateTimeOffset? from, DateTimeOffset? until, CancellationToken cancellationToken);

    /// <summary>Puts somebody on call for a while.</summary>
    Task<RotationView> PutOverrideAsync(
        string rotation, string id, RotationOverrideRequest change, CancellationToken cancellationToken);

    Task RemoveOverrideAsync(string rotation, string id, CancellationToken cancellationToken);

    /// <returns>Those that have not ended, the one that ends first before the others.</returns>
    Task<IReadOnlyList<SilenceView>> ListSilencesAsync(CancellationToken cancellationToken);

    /// <summary>Sets or changes a silence.</summary>
    Task<SilenceView> PutSilenceAsync(string id, SilenceRequest silence, CancellationToken cancellationToken);

    /// <summary>Ends a silence now, or cancels one that has not started.</summary>
    Task RemoveSilenceAsync(string id, CancellationToken cancellationToken);

    /// <summary>Checks where CIDs are available: in the embedded store, at the IPFS node, at each gateway.</summary>
    Task<IReadOnlyList<LinkView>> CheckArchiveAsync(IReadOnlyList<string> cids, CancellationToken cancellationToken);

    /// <summary>Anchors a log under a new log key; only while the contract contradicts the log.</summary>
    Task<AnchorRestart> RestartAnchorsAsync(int log, CancellationToken cancellationToken);

    /// <returns>The chain id that a full-v2 signature must name.</returns>
    Task<long> GetChainIdAsync(CancellationToken cancellationToken);

    /// <param name="isDetailed">
    /// Whether to send the token, if there is one; anonymous callers get the status alone.
    /// </param>
    Task<Readiness> GetReadinessAsync(bool isDetailed, CancellationToken cancellationToken);

    Task<IReadOnlyList<Limit>> ListLimitsAsync(CancellationToken cancellationToken);
}

/// <summary>Which incidents to return; a null member does not filter.</summary>
/// <param name="Severities">Any of <c>normal</c>, <c>high</c>, <c>escalated</c> and <c>critical</c>.</param>
/// <param name="From">Accepted at or after.</param>
/// <param name="To">Accepted before.</param>
public sealed record IncidentFilter(
    string? CapId = null, IReadOnlyList<string>? Severities = null, DateTimeOffset? From = null, DateTimeOffset? To = null,
    bool IsNewestFirst = false);

/// <summary>An incident was accepted or updated; or a heartbeat.</summary>
/// <param name="Id">Position from which a stream can resume.</param>
/// <param name="Kind">Kind of the log entry, or <see cref="Heartbeat"/>.</param>
/// <param name="Incident">Its current state; null for a heartbeat.</param>
public sealed record IncidentEvent(string Id, string Kind, IncidentView? Incident)
{
    public const string Heartbeat = "heartbeat";
}

/// <summary>Verdict on one line of a batch.</summary>
/// <param name="Line">Number of the line, from 1.</param>
/// <param name="Status">Status that the line alone would have received.</param>
/// <param name="Problem">Null when it was accepted.</param>
public sealed record BatchVerdict(
    int Line, int Status, AcceptedAnswer? Incident = null, System.Text.Json.JsonElement? Problem = null);

/// <param name="RetryAfter">Delay before resending what was not decided; null when the service named none.</param>
public sealed record BatchResult(IReadOnlyList<BatchVerdict> Verdicts, TimeSpan? RetryAfter);
