namespace CapOrleans.Core.AuditLog;

/// <param name="Members">Members of the entry's body, in order; one with a question mark is optional.</param>
public sealed record EntryMeaning(string Kind, string Members, string Meaning);

/// <summary>The meaning of each kind of entry, for readers of the log; the source of docs/events.md.</summary>
public static class EntryMeanings
{
    public static IReadOnlyList<EntryMeaning> All { get; } =
    [
        new(EntryKinds.CapRegistered, CapContext,
            "A CapID was registered, with the numbers that its incidents are judged by. `request` is the signed change, "
            + "verbatim; null for an operator's change."),
        new(EntryKinds.PolicyChanged, CapContext, "The numbers or the policy of a CapID changed."),
        new(EntryKinds.KeyAdded, CapKey, "A key may act for a CapID in these roles, between these times."),
        new(EntryKinds.KeyRevoked, CapKey, "A key was revoked. It stays revoked."),
        new(EntryKinds.CapMirrored, "ahead block blockHash capIds chainId contract transaction",
            "The CapNFT has each of `capIds` in the version that was sent or a newer one; written when the block has enough "
            + "confirmations. For those in `ahead` the contract has a version that the log does not have."),
        new(
            EntryKinds.IncidentAccepted,
            "agent auditHash capId capPotential chainId cid contextVersion deltaCap deltaCapLimit description feedback "
            + "group? incidentId integration? misuse pagingFloor phi psi request scheme selfFeedback severity signer timestamp walletBlock "
            + "walletBlockHash weight",
            "An incident was accepted. `request` is what the host sent, verbatim; the rest is every number used to judge it. "
            + "Of a `group`, only the `first` incident pages people; an `integration` filed what nobody signed."),
        new(
            EntryKinds.IntegrationCreated, Integration,
            "What has this integration's key may file incidents of the CapID that nobody signs."),
        new(EntryKinds.IntegrationRemoved, Integration, "The integration's key no longer counts."),
        new(
            EntryKinds.HeartbeatChanged,
            "capId cron event everySeconds exitStatus graceSeconds name severity signature signer timeZone timestamp",
            "The first heartbeat of this name, or one with another schedule; this is what was signed."),
        new(EntryKinds.HeartbeatMissed, "capId dueAt incidentId last name",
            "No heartbeat arrived by `dueAt`, and it became this incident (null: the CapID takes no unsigned ones); `last` is the newest "
            + "one, as it was signed."),
        new(EntryKinds.HeartbeatRemoved, "by capId name", "No more heartbeats of this name are expected: its key said so, or an operator."),
        new(EntryKinds.ScoreCorrected, "adjustment by byName capId contextVersion deltaCap incidentId index reason",
            "An operator corrected the dCap of the incident at `index`; the score moves by `adjustment`."),
        new(EntryKinds.ProofFailed, "capId incidentId index rule",
            "The accepted incident at `index` does not verify: it was appended without a check."),
        new(EntryKinds.ArchiveBatched, "count from root to",
            "The records of the `count` incidents from index `from` up to, not including, `to` are in the archive, under the "
            + "manifest with the CID `root`."),
        new(EntryKinds.ArchiveLost, "cid from index to where why",
            "No location has the archived record of the entry at `index`: `where` lists the locations, `why` the "
            + "result at each (`missing` or `wrong`)."),
        new(EntryKinds.ArchiveRestored, "cid from index to where", "A lost record is available again."),
        new(EntryKinds.ArchiveExported, "block? blockHash? bytes chainId? contract? from root to transaction?",
            "The entries from `from` up to, but not including, `to` are on IPFS as one CAR with the CID `root`; with a chain, "
            + "this transaction records it."),
        new(EntryKinds.AnchorBatched, "block blockHash blockTime chainId contract from name root size to transaction",
            "The entries from `from` up to, not including, `to` are anchored: the contract has the tree's `root` at `size`, in "
            + "a block with enough confirmations."),
        new(EntryKinds.AnchorLost, "from to",
            "The block that anchored these entries left the chain, or another contract counts; they are anchored again."),
        new(EntryKinds.AnchorRecordSkipped, "capId incidentId",
            "A critical incident has its event on chain but no full record: the record does not fit into a transaction."),
        new(
            EntryKinds.AnchorConflict,
            "block? chainId contract contractPosition from? logSize ourRoot? reason root? size? to? transaction?",
            "The chain contradicts the log: `contract-ahead`, `contract-behind`, `event-missing`, `other-range` or "
            + "`other-root`. Nothing newer is anchored until that is over."),
        new(EntryKinds.AnchorRestarted, "by byName chainId contract from name",
            "An admin gave a restored log another key in the contract, keccak256 of `name`."),
        new(EntryKinds.IncidentAcknowledged, Update, "Someone is working on the incident at `index`; `by` is the key that signed "
            + "this, or an operator."),
        new(EntryKinds.IncidentResolved, Update, "The incident is over; `recovery` is the incident that reported this, when "
            + "its own reporter's hook did."),
        new(EntryKinds.IncidentReopened, Update, "The incident was reopened."),
        new(EntryKinds.IncidentResponded, Update, "The right of reply: `note` stays with the incident."),
        new(EntryKinds.IncidentPaged, "acknowledgements capId incidentId index ladder level levels onCall round severity since webhooks",
            "The incident at `index` was unanswered: these webhooks are paged, at this level of the ladder, among them those of the "
            + "people in `onCall`; no webhooks: no one is on call. Answers count in entries after `since`."),
        new(EntryKinds.IncidentUnanswered, "capId incidentId index ladder severity since",
            "Every level was paged without an answer."),
        new(EntryKinds.AuditInaction, "count incidents ladder webhooks withinSeconds",
            "Nobody answers: every level of the ladder was paged in vain for so many incidents within this time. `incidents` are "
            + "the first 50, each with the log and the index of its entry; these webhooks are notified."),
        new(EntryKinds.LadderChanged, "acknowledgedForSeconds by byName caps inaction? ladder levels minSeverity repeat",
            "Who is paged about unanswered incidents of these CapIDs changed; it applies from the next step of each escalation."),
        new(EntryKinds.LadderRemoved, "by byName ladder", "The ladder was removed; it no longer applies, not even to open incidents."),
        new(EntryKinds.RotationChanged, "by byName hours members overrides rotation shiftDays startsAt timeZone",
            "Who is on call when changed: `members` take turns of `shiftDays` days from the local time `startsAt`, during `hours` "
            + "(null: always); of `overrides` that overlap, the last one applies."),
        new(EntryKinds.RotationRemoved, "by byName rotation", "The rotation was removed; ladders that name it page none of its people."),
        new(EntryKinds.SilenceSet, "by byName caps endsAt maxSeverity reason silence startsAt",
            "Incidents of these CapIDs page no one from `startsAt` until `endsAt`."),
        new(EntryKinds.SilenceRemoved, "by byName silence", "An operator ended it early, or before it started."),
        new(EntryKinds.SilenceEnded, "acknowledgements held incidents ladder level levels silence waitSeconds webhooks",
            "A silence held so many incidents back, and no one has answered them: these webhooks get one summary. Incidents that are "
            + "not answered within `waitSeconds` are then paged at `level`."),
        new(EntryKinds.DeliverySucceeded, Delivery, "A webhook accepted the delivery of the entry at `index`."),
        new(EntryKinds.DeliveryExhausted, Delivery, "A webhook did not accept the delivery, and it is no longer " +
            "retried; `fault` is the reason."),
        new(EntryKinds.DeliveryRequested, "by byName deliveries from to webhook",
            "An operator requested the redelivery of `deliveries` deliveries, of the entries from `from` up to `to`."),
        new(EntryKinds.WebhookChanged, Webhook, "The options of the webhook changed."),
        new(EntryKinds.WebhookRegistered, Webhook, "Incidents accepted from now on are delivered to this webhook."),
        new(EntryKinds.WebhookRemoved, Webhook, "The webhook was removed and receives nothing more."),
        new(EntryKinds.WebhookDisabled, "by byName host reason webhook",
            "The webhook answered 410, or failed for five days: it receives nothing until it is enabled."),
        new(EntryKinds.WebhookEnabled, Webhook, "Deliveries resume from the present ends of the logs."),
        new(EntryKinds.WebhookSecretRotated, Webhook, "The webhook has a new secret; for 24 hours the previous one signs as well."),
        new(EntryKinds.ApiKeyCreated, ApiKey, "An API key of this scope was created."),
        new(EntryKinds.ApiKeyRevoked, ApiKey, "The API key was revoked."),
        new(EntryKinds.GateAdded, "address by byName gate", "An admin gave a gate's key this name."),
        new(EntryKinds.GateJoined, "address gate", "Heartbeats of the gate arrive."),
        new(EntryKinds.GateSilent, "address gate lastHeardAt", "No heartbeat of the gate arrived for 35 seconds."),
        new(EntryKinds.GateRemoved, "address by byName gate", "An admin removed the gate."),
        new(EntryKinds.DelegationAudited, "by byName capId log result",
            "A delegation log was audited; `log` is the input, `result` the outcome."),
    ];

    private const string CapContext =
        "by byName capId capPotential contextVersion deltaCapLimit displayName freeSeverity groupBy groupWindowSeconds " +
            "maxAheadSeconds maxBehindSeconds pagingFloor phi "
        + "psi reportsPerMinute request requireFullSignature selfFeedback";

    private const string Integration = "by byName capId integration name";

    private const string CapKey = "address by byName capId contextVersion contract notAfter notBefore reason request revokedAt roles";

    private const string Update = "by byName capId incidentId index note pagingFloor recovery severity signature timestamp";

    private const string Delivery = "attempts capId fault incidentId index webhook";

    private const string Webhook = "by byName host webhook";

    private const string ApiKey = "by byName keyId name scope";
}
