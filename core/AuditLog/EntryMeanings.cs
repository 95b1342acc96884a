namespace CapOrleans.Core.AuditLog;

/// <param name="Members">Members of the entry's body, in order; one with a question mark is optional.</param>
public sealed record EntryMeaning(string Kind, string Members, string Meaning);

/// <summary>The meaning of each kind of entry, for readers of the log; the source of docs/events.md.</summary>
public static class EntryMeanings
{
    public static IReadOnlyList<EntryMeaning> All { get; } =
    [
        new(EntryKinds.CapRegistered, CapContext,
            "A CapID was registered, with the numbers that its incidents are judged by. `request` is the signed change to the "
            + "letter; null where an operator asked."),
        new(EntryKinds.PolicyChanged, CapContext, "The numbers or the policy of a CapID changed."),
        new(EntryKinds.KeyAdded, CapKey, "A key may act for a CapID in these roles, between these times."),
        new(EntryKinds.KeyRevoked, CapKey, "A key may not any more. It stays revoked."),
        new(EntryKinds.CapMirrored, "ahead block blockHash capIds chainId contract transaction",
            "The CapNFT has each of `capIds` as the log had it when the transaction was sent, or newer; written when the block is "
            + "deep enough. Of those in `ahead` the contract has a version that the log has not."),
        new(
            EntryKinds.IncidentAccepted,
            "agent auditHash capId capPotential chainId cid contextVersion deltaCap deltaCapLimit description feedback "
            + "incidentId misuse pagingFloor phi psi request scheme selfFeedback severity signer timestamp walletBlock "
            + "walletBlockHash weight",
            "An incident was accepted. `request` is what the host sent, to the letter; the rest is every number that judged it."),
        new(EntryKinds.ScoreCorrected, "adjustment by byName capId contextVersion deltaCap incidentId index reason",
            "An operator corrected the dCap of the incident at `index`; the score moves by `adjustment`."),
        new(EntryKinds.ProofFailed, "capId incidentId index rule",
            "The accepted incident at `index` does not prove what it says: somebody appended it without a check."),
        new(EntryKinds.ArchiveBatched, "count from root to",
            "The records of the `count` incidents from index `from` up to, not including, `to` are in the archive, under the "
            + "manifest with the CID `root`."),
        new(EntryKinds.ArchiveLost, "cid from index to where why",
            "No location has the archived record of the entry at `index`: `where` it was not, and `why` at each (`missing` or "
            + "`wrong`)."),
        new(EntryKinds.ArchiveRestored, "cid from index to where", "What was lost is there again."),
        new(EntryKinds.ArchiveExported, "block? blockHash? bytes chainId? contract? from root to transaction?",
            "The entries from `from` up to, not including, `to` are on IPFS as one CAR with the CID `root`; with a chain, the "
            + "record of it is in this transaction."),
        new(EntryKinds.AnchorBatched, "block blockHash blockTime chainId contract from name root size to transaction",
            "The entries from `from` up to, not including, `to` are anchored: the contract has the tree's `root` at `size`, in "
            + "a block that is deep enough."),
        new(EntryKinds.AnchorLost, "from to",
            "The block that anchored these entries left the chain, or another contract counts; they are anchored again."),
        new(EntryKinds.AnchorRecordSkipped, "capId incidentId",
            "A critical incident has its event on chain, and no full record: no transaction holds it."),
        new(
            EntryKinds.AnchorConflict,
            "block? chainId contract contractPosition from? logSize ourRoot? reason root? size? to? transaction?",
            "The chain contradicts the log: `contract-ahead`, `contract-behind`, `event-missing`, `other-range` or "
            + "`other-root`. Nothing newer is anchored until that is over."),
        new(EntryKinds.AnchorRestarted, "by byName chainId contract from name",
            "An admin gave a restored log another key in the contract, keccak256 of `name`."),
        new(EntryKinds.IncidentAcknowledged, Update, "Somebody is at the incident at `index`; `by` is the key that signed it, or an " +
            "operator."),
        new(EntryKinds.IncidentResolved, Update, "It is over; `recovery` is the incident that said so, when that was its own " +
            "reporter's hook."),
        new(EntryKinds.IncidentReopened, Update, "It is not over."),
        new(EntryKinds.IncidentResponded, Update, "The right of reply: `note` stays with the incident."),
        new(EntryKinds.IncidentPaged, "acknowledgements capId incidentId index ladder level levels round severity since webhooks",
            "Nobody had answered the incident at `index`: these webhooks are told, at this level of the ladder. Answers in entries "
            + "behind `since` count."),
        new(EntryKinds.IncidentUnanswered, "capId incidentId index ladder severity since",
            "Every level was paged, and nobody answered."),
        new(EntryKinds.LadderChanged, "acknowledgedForSeconds by byName caps ladder levels minSeverity repeat",
            "Who is paged of these CapIDs' incidents that nobody answers, from the next step of each on."),
        new(EntryKinds.LadderRemoved, "by byName ladder", "It counts no more, for open incidents either."),
        new(EntryKinds.SilenceSet, "by byName caps endsAt maxSeverity reason silence startsAt",
            "Incidents of these CapIDs page no one from `startsAt` until `endsAt`."),
        new(EntryKinds.SilenceRemoved, "by byName silence", "An operator ended it early, or before it started."),
        new(EntryKinds.SilenceEnded, "acknowledgements held incidents ladder level levels silence waitSeconds webhooks",
            "A silence held so many incidents back, and no one has answered them: these webhooks get one summary. Incidents that are "
            + "not answered within `waitSeconds` are then paged at `level`."),
        new(EntryKinds.DeliverySucceeded, Delivery, "A webhook took the delivery of the incident at `index`."),
        new(EntryKinds.DeliveryExhausted, Delivery, "A webhook did not take it, and it is not tried any more; `fault` says why."),
        new(EntryKinds.DeliveryRequested, "by byName deliveries from to webhook",
            "An operator asked for so many deliveries again, of the entries from `from` up to `to`."),
        new(EntryKinds.WebhookChanged, Webhook, "It is sent other incidents, or in another way."),
        new(EntryKinds.WebhookRegistered, Webhook, "Incidents accepted from now on are delivered to this webhook."),
        new(EntryKinds.WebhookRemoved, Webhook, "It gets nothing any more."),
        new(EntryKinds.WebhookDisabled, "by byName host reason webhook",
            "It is gone, or failed for five days: it gets nothing until it is enabled."),
        new(EntryKinds.WebhookEnabled, Webhook, "Deliveries go on at the present ends of the logs."),
        new(EntryKinds.WebhookSecretRotated, Webhook, "It has a new secret; the one before signs as well for 24 hours."),
        new(EntryKinds.ApiKeyCreated, ApiKey, "An API key of this scope was made."),
        new(EntryKinds.ApiKeyRevoked, ApiKey, "It counts no more."),
        new(EntryKinds.GateAdded, "address by byName gate", "An admin gave a gate's key this name."),
        new(EntryKinds.GateJoined, "address gate", "The gate is heard."),
        new(EntryKinds.GateSilent, "address gate lastHeardAt", "Nothing came from it for 35 seconds."),
        new(EntryKinds.GateRemoved, "address by byName gate", "An admin took the name back."),
        new(EntryKinds.DelegationAudited, "by byName capId log result",
            "A delegation log was audited; `log` is what was given, `result` what came of it."),
    ];

    private const string CapContext =
        "by byName capId capPotential contextVersion deltaCapLimit displayName freeSeverity maxAheadSeconds maxBehindSeconds " +
            "pagingFloor phi "
        + "psi reportsPerMinute request requireFullSignature selfFeedback";

    private const string CapKey = "address by byName capId contextVersion contract notAfter notBefore reason request revokedAt roles";

    private const string Update = "by byName capId incidentId index note pagingFloor recovery severity signature timestamp";

    private const string Delivery = "attempts capId fault incidentId index webhook";

    private const string Webhook = "by byName host webhook";

    private const string ApiKey = "by byName keyId name scope";
}
