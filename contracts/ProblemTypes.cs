using System.Text.Json;

namespace CapOrleans.Contracts;

/// <summary>The <c>type</c> of a problem (RFC 9457) is a URN whose last part is its name; names are stable.</summary>
public static class ProblemTypes
{
    private const string Prefix = "urn:caporleans:problem:";

    /// <summary>Meaning of each problem type by its name; the source of docs/problems.md.</summary>
    public static IReadOnlyDictionary<string, string> Meanings { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["after-another"] = "An earlier line of the CapID in the batch must be sent again first; send this one again after it.",
        ["bad-request"] = "The request is not one of HTTP, or ended before its body did.",
        ["block-unknown"] = "No such block is in this node's store.",
        ["body-late"] = "The body took longer than its time.",
        ["busy"] = "Others changed the same meanwhile, or a queue is full; send the same again.",
        ["cap-unknown"] = "The CapID is not registered.",
        ["content-encoding"] = "The body is encoded, and the call takes it as it is only.",
        ["conflict"] = "The incident id was used for other content.",
        ["full-signature-required"] = "The CapID takes incidents under `full-v2` only.",
        ["gate-of-another-key"] = "Another key has the gate's name.",
        ["gate-unknown"] = "No admin has added a gate of this name.",
        ["gates-full"] = "The cluster has as many gates as it may.",
        ["incident-changed"] = "The incident was set back after the update was signed.",
        ["incident-resolved"] = "The incident is over; it can be reopened.",
        ["incident-unknown"] = "No such incident was accepted under the CapID.",
        ["internal"] = "A fault of the service; its log says more.",
        ["invalid-cid"] = "The CID is not one that the gateway serves.",
        ["invalid-field"] = "A member of the body breaks its rule.",
        ["invalid-query"] = "A parameter of the query breaks its rule.",
        ["key-revoked"] = "A revoked key stays revoked.",
        ["key-unknown"] = "No API key has this id.",
        ["ladders-full"] = "The cluster has as many ladders as it may.",
        ["last-admin-key"] = "The last admin key stays.",
        ["line-count"] = "A batch has more lines than it may, or none.",
        ["log-unknown"] = "No log has this number.",
        ["method-not-allowed"] = "The path takes another method.",
        ["misspelt-member"] = "A member that nobody reads is spelt almost as one that is read.",
        ["no-anchor-conflict"] = "The contract does not contradict the log, so its key stays.",
        ["no-audit"] = "No delegation log was audited yet.",
        ["no-such-gate"] = "No gate has this name.",
        ["no-such-ladder"] = "No ladder has this id.",
        ["no-such-letter"] = "No dead letter has this number.",
        ["no-such-resource"] = "Nothing is at this path.",
        ["no-such-silence"] = "No silence has this id, or it has ended.",
        ["no-such-webhook"] = "No webhook has this id.",
        ["not-acceptable"] = "The gateway has no such form of the block.",
        ["not-an-object"] = "The body is not one JSON object.",
        ["not-json"] = "The body is not JSON, or has a duplicate member.",
        ["not-json-content"] = "The Content-Type is not one that the call takes.",
        ["operator-only"] = "Only an operator changes what holds the CapID in bounds.",
        ["other-host"] = "Without a key, this machine is called by a loopback name.",
        ["other-origin"] = "A page of another site made the call.",
        ["refused-by-intermediary"] = "Something between the gate and the cluster refuses what is sent.",
        ["refused"] = "The request was refused before any endpoint took it.",
        ["scope"] = "The key or token does not have the scope that the call needs.",
        ["sealed-body"] = "The sealed body does not open.",
        ["signature-form"] = "The signature does not have its form.",
        ["signature-mismatch"] = "The signature is not the claimed signer's.",
        ["signer-not-authorised"] = "The signer may not do this for the CapID.",
        ["silences-full"] = "The cluster has as many silences as it may.",
        ["spool-full"] = "The gate's disk, its spool, or the share of the sender is full.",
        ["stale-heartbeat"] = "The heartbeat is not later than the last one, or not of now.",
        ["stale-version"] = "The context has another version than the change is meant for.",
        ["timestamp-out-of-bounds"] = "The signed time is too far before or after the server's clock.",
        ["too-large"] = "The body has more bytes than it may.",
        ["too-many-changes"] = "The CapID's admin keys changed it as often as they may.",
        ["too-many-connections"] = "The address, or the port, has as many connections as it may.",
        ["too-many-keys"] = "There are as many keys as there may be.",
        ["too-many-members"] = "An incident has more members than it may.",
        ["too-many-reads"] = "The address, or the API, has as many reads under way as it may.",
        ["too-many-reports"] = "The reporter sent as many incidents as its CapID's policy lets it.",
        ["too-many-requests"] = "The address sent as much as it may.",
        ["too-many-tests"] = "The webhook was tested a moment ago.",
        ["too-many-updates"] = "A key updates incidents faster than it may.",
        ["too-many-waiting"] = "As many incidents of the address as may wait for contract wallets to be asked.",
        ["too-old"] = "The incident waited in the gate's spool for longer than it may.",
        ["unauthenticated"] = "The call needs a key or a token.",
        ["unavailable"] = "A part of the cluster does not answer; send the same again.",
        ["unsigned"] = "The incident is not signed.",
        ["updates-full"] = "An incident has as many updates as it may.",
        ["wallet-not-asked"] = "A contract wallet must be asked, and cannot be now; send the same again.",
        ["webhook-address"] = "The webhook's URL leads where deliveries may not go.",
        ["webhook-disabled"] = "The webhook is disabled, and gets nothing.",
        ["webhook-exists"] = "The URL is registered with other options.",
        ["webhooks-full"] = "The cluster has as many webhooks as it may.",
    };

    public static string Of(string name) => Prefix + name;

    /// <returns>Name of the problem in a body; null when the problem is not one of ours.</returns>
    public static string? NameIn(byte[] body)
    {
        try
        {
            using var problem = JsonDocument.Parse(body);
            return problem.RootElement.ValueKind == JsonValueKind.Object
                && problem.RootElement.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
                ? NameOf(type.GetString()) : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException) // or not Unicode
        {
            return null;
        }
    }

    /// <returns>
    /// Null when the type is not one of ours: the response of a proxy or a login page says nothing about an incident.
    /// </returns>
    public static string? NameOf(string? type) => type?.StartsWith(Prefix, StringComparison.Ordinal) == true ? type[Prefix.Length..] : null;
}
