using CapOrleans.Api.Intake;
using CapOrleans.Api.Reads;
using CapOrleans.Api.Settings;
using CapOrleans.Api.Streams;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Operations;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.Caps;
using CapOrleans.Core.Heartbeats;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Integrations;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using CapOrleans.HttpEdge.Bodies;
using CapOrleans.HttpEdge.Connections;

namespace CapOrleans.Api.Operations;

/// <summary>Every limit that a caller can reach, in one table; docs/limits.md has the same.</summary>
internal static class Limits
{
    public static Limit[] Of(ApiOptions options) =>
    [
        new("request-bytes", IncidentReader.MaxRequestBytes, "bytes", "one incident, or another request with a body", "413 too-large"),
        new("batch-bytes", BatchLines.MaxBytes, "bytes", "a batch", "413 too-large"),
        new("batch-lines", Math.Min(BatchLines.MaxLines, options.RequestsPerSecondPerAddress), "incidents", "a batch", "400 line-count"),
        new("json-depth", StrictJson.MaxDepth, "levels", "a JSON body", "400 not-json"),
        new("incident-members", IncidentReader.MaxMembers, "members", "an incident, including those of nested " +
            "objects", "400 too-many-members"),
        new("identifier-length", Identifiers.MaxLength, "characters", "cap_id, task_id", "400 invalid-field"),
        new("agent-length", Identifiers.MaxAgentLength, "characters", "agent", "400 invalid-field"),
        new("description-bytes", IncidentReader.MaxDescriptionBytes, "bytes", "description, in UTF-8", "400 invalid-field"),
        new("severity-length", IncidentReader.MaxSeverityLength, "characters", "severity", "400 invalid-field"),
        new("body-seconds", (long)BoundedBody.Timeout.TotalSeconds, "seconds", "a body, until its end", "408 body-late"),
        new("requests-per-address", options.RequestsPerSecondPerAddress, "requests per second",
            "one address (IPv6: one /64) at one API or gate (Intake__PerSecondPerAddress); each incident, and each KiB of a body with incidents, is one",
            "429 too-many-requests"),
        new("reports-per-reporter", CapPolicy.Default.ReportsPerMinute, "incidents per minute", "one reporter key of " +
            "one CapID, unless its policy has another value (reportsPerMinute); an incident counts once per KiB or " +
                "part of it", "429 too-many-reports"),
        new("batches-per-address", BatchSlots.BodiesPerAddress, "at once", "batches of one address at one API", "429 too-many-requests"),
        new("batches", BatchSlots.Bodies, "at once", "batches at one API", "429 too-many-requests"),
        new("connections", ConnectionBudget.MaxConnections, "at once", "connections of one port; further ones may " +
            "only use /health", "503 too-many-connections, or closed"),
        new("connections-per-address", ConnectionBudget.MaxPerAddress, "at once", "connections of one address (IPv6: one /64) to one port", "503 too-many-connections, or closed"),
        new("first-byte-seconds", (long)ConnectionBudget.FirstByteTimeout.TotalSeconds, "seconds", "a connection, until its first byte", "closed"),
        new("tls-handshake-bytes", HandshakeLimit.MaxBytes, "bytes", "data from a peer before its TLS handshake is " +
            "complete; addresses take turns at handshakes", "closed"),
        new("request-seconds-when-full", (long)ConnectionBudget.RequestGivesWayAfter.TotalSeconds, "seconds",
            "a request of the address with the most connections, when that address or the port is at its limit", "closed"),
        new("changes", ClusterLimits.MaxQueuedChanges, "at once", "signed changes of one CapID that wait for their turn", "503 busy"),
        new("changes-per-minute", ClusterLimits.ChangesPerMinute, "signed changes per minute", "one CapID", "429 too-many-changes"),
        new("updates-per-minute", ClusterLimits.UpdatesPerMinute, "signed updates per minute", "one key, of the incidents of one CapID",
            "429 too-many-updates"),
        new("log-queue", ClusterLimits.LogQueue, "entries", "the queue of one log's commits", "503 busy"),
        new("wallet-signature-bytes", WalletClaim.MaxBytes, "bytes", "signature of a contract wallet", "400 signature-form"),
        new("wallets", WalletClaim.MaxConcurrent, "at once", "queries to contract wallets from one silo, for addresses whose " +
            "signature the wallet accepted recently (eight queries per acceptance, last 10,000 pairs), 10 per second " +
                "to one wallet; 16 more to slow wallets, and 4 more, 10 per second, for unknown addresses; 256 are queued (4,096 for unknown addresses), 8 for one address; after 4 s the client retries for the result", "503 wallet-not-asked"),
        new("reads-per-address", ReadSlots.MaxPerAddress, "at once", "pages and CARs of one address at one API; three times as many wait", "503 too-many-reads"),
        new("reads", ReadSlots.Max, "at once", "pages and CARs at one API", "503 too-many-reads"),
        new("streams-per-address", StreamSlots.MaxPerAddress, "at once",
            "streams of events of one address at one API; one more ends the oldest, once that is 5 seconds old", "503 too-many-reads"),
        new("streams", StreamSlots.Max, "at once", "streams of events at one API", "503 too-many-reads"),
        new("stream-seconds", (long)EventStream.MaxDuration.TotalSeconds, "seconds",
            "a stream of events, until its client must reconnect", "closed"),
        new("page-size", ReadEndpoints.MaxLimit, "rows", "a page (limit)", "400 invalid-query"),
        new("keys", CapChange.MaxKeys, "keys", "a CapID, without the revoked ones", "400 invalid-field"),
        new("keys-ever", CapChange.MaxKeysEver, "keys", "a CapID, with the revoked ones", "409 too-many-keys"),
        new("heartbeats", HeartbeatRules.MaxPerCap, "names", "one CapID", "409 heartbeats-full"),
        new("heartbeats-per-minute", ClusterLimits.HeartbeatsPerMinute, "heartbeats per minute", "one key of one CapID",
            "429 too-many-heartbeats"),
        new("webhooks", ClusterLimits.MaxWebhooks, "webhooks", "the cluster", "409 webhooks-full"),
        new("ladders", ClusterLimits.MaxLadders, "ladders", "the cluster", "409 ladders-full"),
        new("rotations", ClusterLimits.MaxRotations, "rotations", "the cluster", "409 rotations-full"),
        new("overrides", ClusterLimits.MaxOverrides, "overrides", "a rotation; those that have ended do not count", "409 overrides-full"),
        new("silences", ClusterLimits.Silences, "silences", "the cluster; those that have ended do not count", "409 silences-full"),
        new("redelivered-entries", ClusterLimits.RedeliveredEntries, "entries", "one redelivery request", "400 invalid-field"),
        new("webhook-test-seconds", ClusterLimits.SecondsBetweenWebhookTests, "seconds",
            "the time between two test deliveries to one webhook, at least", "429 too-many-tests"),
        new("archive-check-cids", ClusterLimits.MaxCheckedLinks, "CIDs", "one check of the archive (POST " +
            "/v1/archive/check); checks run one at a time", "400 invalid-field"),
        new("api-keys", ClusterLimits.MaxApiKeys, "keys", "the cluster; a new key replaces the oldest revoked one", "409 too-many-keys"),
        new("integrations", ClusterLimits.MaxIntegrations, "integrations", "the cluster", "409 integrations-full"),
        new("alerts", AlertmanagerNotification.MaxAlerts, "alerts", "a notification of Alertmanager", "400 invalid-field"),
        new("gates", ClusterLimits.MaxGates, "names", "the cluster", "409 gates-full"),
    ];
}
