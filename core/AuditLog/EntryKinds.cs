namespace CapOrleans.Core.AuditLog;

/// <summary>The kinds of log entries.</summary>
public static class EntryKinds
{
    public const string CapRegistered = "cap.registered";
    public const string KeyAdded = "cap.key-added";
    public const string KeyRevoked = "cap.key-revoked";
    public const string CapMirrored = "cap.mirrored";
    public const string PolicyChanged = "cap.policy-changed";
    public const string ScoreCorrected = "score.corrected";
    public const string IncidentAccepted = "incident.accepted";
    public const string ArchiveBatched = "archive.batched";
    public const string ArchiveExported = "archive.exported";
    public const string IncidentAcknowledged = "incident.acknowledged";
    public const string IncidentResolved = "incident.resolved";
    public const string IncidentReopened = "incident.reopened";
    public const string IncidentResponded = "incident.responded";
    public const string IncidentPaged = "incident.paged";
    public const string IncidentUnanswered = "incident.unanswered";
    public const string AuditInaction = "audit.inaction";
    public const string LadderChanged = "ladder.changed";
    public const string LadderRemoved = "ladder.removed";
    public const string RotationChanged = "rotation.changed";
    public const string RotationRemoved = "rotation.removed";
    public const string SilenceSet = "silence.set";
    public const string SilenceRemoved = "silence.removed";
    public const string SilenceEnded = "silence.ended";
    public const string ArchiveLost = "archive.lost";
    public const string ArchiveRestored = "archive.restored";
    public const string AnchorBatched = "anchor.batched";
    public const string AnchorLost = "anchor.lost";
    public const string AnchorRecordSkipped = "anchor.record-skipped";
    public const string AnchorConflict = "anchor.conflict";
    public const string AnchorRestarted = "anchor.restarted";
    public const string DeliverySucceeded = "delivery.succeeded";
    public const string DeliveryExhausted = "delivery.exhausted";
    public const string DeliveryRequested = "delivery.requested";
    public const string ApiKeyCreated = "api-key.created";
    public const string ApiKeyRevoked = "api-key.revoked";
    public const string HeartbeatChanged = "heartbeat.changed";
    public const string HeartbeatMissed = "heartbeat.missed";
    public const string HeartbeatRemoved = "heartbeat.removed";
    public const string IntegrationCreated = "integration.created";
    public const string IntegrationRemoved = "integration.removed";
    public const string ProofFailed = "proof.failed";
    public const string WebhookRegistered = "webhook.registered";
    public const string WebhookChanged = "webhook.changed";
    public const string WebhookRemoved = "webhook.removed";
    public const string WebhookDisabled = "webhook.disabled";
    public const string WebhookEnabled = "webhook.enabled";
    public const string WebhookSecretRotated = "webhook.secret-rotated";
    public const string GateAdded = "gate.added";
    public const string GateJoined = "gate.joined";
    public const string GateSilent = "gate.silent";
    public const string GateRemoved = "gate.removed";
    public const string DelegationAudited = "delegation.audited";

    /// <summary>Whether an entry of this kind updates an accepted incident.</summary>
    public static bool IsUpdate(string kind) => kind is IncidentAcknowledged or IncidentResolved or IncidentReopened or IncidentResponded;

    /// <summary>
    /// Whether an entry of this kind is a step of an escalation: a page, or its end without an answer.
    /// </summary>
    public static bool IsEscalation(string kind) => kind is IncidentPaged or IncidentUnanswered;
}
