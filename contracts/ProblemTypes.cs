using System.Text.Json;

namespace CapOrleans.Contracts;

/// <summary>The <c>type</c> of a problem (RFC 9457) is a URN whose last part is its name; names are stable.</summary>
public static class ProblemTypes
{
    private const string Prefix = "urn:caporleans:problem:";

    /// <summary>Meaning of each problem type by its name; the source of docs/problems.md.</summary>
    public static IReadOnlyDictionary<string, string> Meanings { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
    {
        ["after-another"] = "An earlier line of the same CapID in this batch must be retried first; then retry this one.",
        ["bad-request"] = "The request is not valid HTTP, or ended before its body was complete.",
        ["block-unknown"] = "This node's store does not have the block.",
        ["body-late"] = "The request body took too long to arrive.",
        ["busy"] = "A concurrent change got in the way, or a queue is full; retry.",
        ["cap-unknown"] = "The CapID is not registered.",
        ["conflict"] = "The incident id was already used for different content.",
        ["content-encoding"] = "The call does not accept a Content-Encoding.",
        ["full-signature-required"] = "The CapID accepts only incidents signed with `full-v2`.",
        ["gate-of-another-key"] = "The gate's name belongs to another key.",
        ["gate-unknown"] = "No gate of this name has been added by an admin.",
        ["gates-full"] = "The cluster has reached its limit of gates.",
        ["heartbeats-full"] = "The CapID has heartbeats of as many names as it may.",
        ["incident-changed"] = "The incident was reopened, resolved or paged again after the update was signed.",
        ["incident-resolved"] = "The incident is resolved; reopen it first.",
        ["incident-unknown"] = "No such incident was accepted under the CapID.",
        ["integration-key"] = "The call needs the key of an integration.",
        ["integrations-full"] = "The cluster has reached its limit of integrations.",
        ["internal"] = "Internal error; see the service's log.",
        ["invalid-cid"] = "The gateway does not serve CIDs of this form.",
        ["invalid-field"] = "A member of the body is invalid.",
        ["invalid-query"] = "A query parameter is invalid.",
        ["key-revoked"] = "A revoked key cannot be added again.",
        ["key-unknown"] = "No API key has this id.",
        ["ladders-full"] = "The cluster has reached its limit of ladders.",
        ["last-admin-key"] = "The last admin key cannot be removed.",
        ["line-count"] = "A batch has too many lines, or none.",
        ["log-unknown"] = "No log has this number.",
        ["method-not-allowed"] = "The path does not support this method.",
        ["misspelt-member"] = "An unknown member is spelt almost like a known one.",
        ["no-anchor-conflict"] = "The contract does not contradict the log, so its key stays.",
        ["no-audit"] = "No delegation log has been audited yet.",
        ["no-such-gate"] = "No gate has this name.",
        ["no-such-heartbeat"] = "The CapID has no heartbeat of this name.",
        ["no-such-integration"] = "No integration has this id.",
        ["no-such-ladder"] = "No ladder has this id.",
        ["no-such-letter"] = "No dead letter has this number.",
        ["no-such-override"] = "The rotation has no override of this id, or it has ended.",
        ["no-such-resource"] = "There is no resource at this path.",
        ["no-such-rotation"] = "No rotation has this id.",
        ["no-such-silence"] = "No silence has this id, or it has ended.",
        ["no-such-webhook"] = "No webhook has this id.",
        ["not-acceptable"] = "The gateway cannot serve the block in the requested form.",
        ["not-an-object"] = "The body is not a single JSON object.",
        ["not-json"] = "The body is not JSON, or has a duplicate member.",
        ["not-json-content"] = "The call does not accept this Content-Type.",
        ["operator-only"] = "Only an operator may change the limits of the CapID itself.",
        ["other-host"] = "Calls without a key must use a loopback host name.",
        ["other-origin"] = "The call came from a web page of another origin.",
        ["overrides-full"] = "The rotation has reached its limit of overrides.",
        ["refused"] = "The request was refused before it reached an endpoint.",
        ["refused-by-intermediary"] = "An intermediary between the gate and the cluster refuses the request.",
        ["rotations-full"] = "The cluster has reached its limit of rotations.",
        ["scope"] = "The key or token lacks the scope that the call requires.",
        ["sealed-body"] = "The sealed body cannot be opened.",
        ["signature-form"] = "The signature is malformed.",
        ["signature-mismatch"] = "The signature is not the claimed signer's.",
        ["signer-not-authorised"] = "The signer may not do this for the CapID.",
        ["silences-full"] = "The cluster has as many silences as it may.",
        ["spool-full"] = "The gate's disk, its spool, or the share of the sender is full.",
        ["stale-heartbeat"] = "The heartbeat is not later than the last one, or its time is too far from the cluster's clock.",
        ["stale-version"] = "The context is not at the version that the change is meant for.",
        ["timestamp-out-of-bounds"] = "The signed time is too far before or after the server's clock.",
        ["too-large"] = "The body is too large.",
        ["too-many-changes"] = "Rate limit: the CapID's admin keys changed it too often.",
        ["too-many-connections"] = "Too many connections from the address, or to the port.",
        ["too-many-heartbeats"] = "Rate limit: the key sent too many heartbeats.",
        ["too-many-keys"] = "The limit of keys is reached.",
        ["too-many-members"] = "An incident has too many members.",
        ["too-many-reads"] = "Too many concurrent reads from the address, or in the API.",
        ["too-many-reports"] = "Rate limit: the reporter sent more incidents than its CapID's policy allows.",
        ["too-many-requests"] = "Rate limit: the address sent too much.",
        ["too-many-tests"] = "The webhook was tested a moment ago.",
        ["too-many-updates"] = "Rate limit: the key updates incidents too fast.",
        ["too-many-waiting"] = "Too many incidents of the address wait for contract wallets.",
        ["too-old"] = "The incident waited too long in the gate's spool.",
        ["unauthenticated"] = "The call requires an API key or a token.",
        ["unavailable"] = "Part of the cluster does not respond; retry.",
        ["unsigned"] = "The incident is not signed.",
        ["updates-full"] = "The incident has reached its limit of updates.",
        ["wallet-not-asked"] = "A contract wallet must verify the signature but cannot be reached; retry.",
        ["webhook-address"] = "The webhook's URL leads to an address that deliveries must not connect to.",
        ["webhook-disabled"] = "The webhook is disabled and receives nothing.",
        ["webhook-exists"] = "The URL is already registered with different options.",
        ["webhooks-full"] = "The cluster has reached its limit of webhooks.",
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
