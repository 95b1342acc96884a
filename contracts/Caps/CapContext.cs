using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Orleans;

namespace CapOrleans.Contracts.Caps;

/// <summary>
/// A CapID's domain context: the keys that may act for it, and the numbers by which its incidents are judged.
/// </summary>
/// <param name="Version">1 at registration, one more with every change. Every accepted incident names the
/// version that judged it.</param>
/// <param name="CapPotential">Cap^P; 0.000001 to 1,000,000,000.</param>
/// <param name="Phi">Weight of feedback; 0 to 1,000.</param>
/// <param name="Psi">Weight of misuse; 0 to 1,000.</param>
/// <param name="Policy">Null for the default, as in contexts that are older than policies.</param>
/// <param name="Revision">Derived from the first entry of the change that made this version. Two histories of a log,
/// one of them from a restored backup, may each have a version 2; this tells them apart.</param>
/// <param name="Keys">At most 64 that are not revoked, 512 in all. A revoked key stays in the list:
/// history is never rewritten.</param>
[GenerateSerializer, Immutable, Alias("cap.context.v1")]
public sealed record CapContext(
    [property: Id(0)] string CapId,
    [property: Id(1)] long Version,
    [property: Id(2)] string DisplayName,
    [property: Id(3)] decimal CapPotential,
    [property: Id(4)] decimal Phi,
    [property: Id(5)] decimal Psi,
    [property: Id(6)] IReadOnlyList<SigningKey> Keys,
    [property: Id(7)] CapPolicy? Policy = null,
    [property: Id(8)] long Revision = 0)
{
    /// <summary>The policy in effect.</summary>
    [JsonIgnore] public CapPolicy Rules => Policy ?? CapPolicy.Default;
}

/// <param name="Address">In EIP-55 spelling.</param>
/// <param name="Roles">Any of <c>reporter</c>, <c>responder</c>, <c>admin</c>.</param>
/// <param name="NotBefore">First instant at which a signature counts; null for no bound.</param>
/// <param name="NotAfter">First instant at which signatures no longer count; null for no bound.</param>
/// <param name="RevokedAt">Nothing that arrives from then on is accepted with this key; null
/// while it is not revoked.</param>
/// <param name="Reason">Why it was revoked.</param>
/// <param name="AddedBy">The admin key that signed the change, or the operator who made it: for example
/// <c>key:</c> and an API key's id.</param>
/// <param name="IsContract">Whether the address is a contract wallet's: it has no key, and is
/// asked instead (EIP-1271).</param>
[GenerateSerializer, Immutable, Alias("cap.signing-key.v1")]
public sealed record SigningKey(
    [property: Id(0)] string Address,
    [property: Id(1), AllowedValues("reporter", "responder", "admin")] IReadOnlyList<string> Roles,
    [property: Id(2)] DateTimeOffset? NotBefore,
    [property: Id(3)] DateTimeOffset? NotAfter,
    [property: Id(4)] DateTimeOffset? RevokedAt,
    [property: Id(5)] string? Reason = null,
    [property: Id(6)] string? AddedBy = null,
    [property: Id(7), JsonPropertyName("contract")] bool IsContract = false);

/// <summary>The desired state of a CapID: the body of <c>PUT /v1/caps/{capId}</c>.</summary>
/// <remarks>
/// Keys that <see cref="Keys"/> does not name are revoked, unless it is null. A null number keeps the current value, or
/// takes the default for a new CapID.
/// </remarks>
[GenerateSerializer, Immutable, Alias("cap.definition.v1")]
public sealed record CapDefinition(
    [property: Id(0)] string? DisplayName = null,
    [property: Id(1)] decimal? CapPotential = null,
    [property: Id(2)] decimal? Phi = null,
    [property: Id(3)] decimal? Psi = null,
    [property: Id(4)] IReadOnlyList<KeyDefinition>? Keys = null,
    [property: Id(5)] PolicyDefinition? Policy = null);

/// <param name="Roles"><c>reporter</c> alone when absent.</param>
/// <param name="IsContract">Whether it is a contract wallet, which reports under <c>full-v2</c>
/// and cannot be an admin.</param>
[GenerateSerializer, Immutable, Alias("cap.key-definition.v1")]
public sealed record KeyDefinition(
    [property: Id(0), Required] string? Address,
    [property: Id(1), AllowedValues("reporter", "responder", "admin")] IReadOnlyList<string>? Roles = null,
    [property: Id(2)] DateTimeOffset? NotBefore = null,
    [property: Id(3)] DateTimeOffset? NotAfter = null,
    [property: Id(4), JsonPropertyName("contract")] bool IsContract = false);

/// <param name="Score">Sum of the dCap of every accepted incident and of every correction.</param>
/// <param name="Origin">Name of the log with the CapID's entries; signed changes name it.</param>
/// <param name="Incidents">Number of accepted incidents.</param>
[GenerateSerializer, Immutable, Alias("cap.view.v1")]
public sealed record CapView(
    [property: Id(0)] string CapId,
    [property: Id(1)] long Version,
    [property: Id(2)] string DisplayName,
    [property: Id(3)] decimal CapPotential,
    [property: Id(4)] decimal Phi,
    [property: Id(5)] decimal Psi,
    [property: Id(6)] IReadOnlyList<SigningKey> Keys,
    [property: Id(7)] decimal Score,
    [property: Id(8)] long Incidents,
    [property: Id(9)] CapPolicy Policy,
    [property: Id(10)] string Origin);

/// <summary>A CapID in the list of all CapIDs.</summary>
/// <param name="Keys">Number of keys that are not revoked.</param>
[GenerateSerializer, Immutable, Alias("cap.summary.v1")]
public sealed record CapSummary(
    [property: Id(0)] string CapId,
    [property: Id(1)] long Version,
    [property: Id(2)] string DisplayName,
    [property: Id(3)] decimal CapPotential,
    [property: Id(4)] decimal Score,
    [property: Id(5)] long Incidents,
    [property: Id(6)] int Keys);

/// <param name="Next">Pass it as <c>after</c> to get the next page; null on the last page.</param>
[GenerateSerializer, Immutable, Alias("cap.page.v1")]
public sealed record CapPage(
    [property: Id(0)] IReadOnlyList<CapSummary> Items,
    [property: Id(1)] string? Next);

public enum CapVerdict
{
    Undecided = 0,
    Registered = 1,
    Changed = 2,
    Unchanged = 3,
    Malformed = 4,

    /// <summary>The change is not signed by a key that may make it, or is an operator's to make.</summary>
    Unauthorised = 5,

    /// <summary>
    /// The change does not fit the current state: it is meant for another version, revives a revoked key, exceeds the
    /// number of keys, or would leave the CapID without an admin.
    /// </summary>
    Conflicts = 6,

    /// <summary>There is no such CapID, or it has no such incident.</summary>
    Unknown = 7,

    /// <summary>Concurrent changes got in the way; retry.</summary>
    Busy = 8,

    /// <summary>The rate limit for changes is exceeded.</summary>
    TooMany = 9,
}

[GenerateSerializer, Immutable, Alias("cap.cap-ruling.v1")]
public sealed record CapRuling(
    [property: Id(0)] CapVerdict Verdict,
    [property: Id(1)] CapView? Cap,
    [property: Id(2)] Incidents.Refusal? Refusal);
