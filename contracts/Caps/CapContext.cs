using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Orleans;

namespace CapOrleans.Contracts.Caps;

/// <summary>A CapID's domain context: who may speak for it, and the numbers by which reports are judged.</summary>
/// <param name="Version">1 at registration, one more with every change. Every entry names the version that judged it.</param>
/// <param name="CapPotential">Cap^P; above 0, at most 1,000,000,000.</param>
/// <param name="Phi">Weight of feedback; 0 to 1,000.</param>
/// <param name="Psi">Weight of misuse; 0 to 1,000.</param>
/// <param name="Policy">Null for the default, as contexts of before have it.</param>
/// <param name="Revision">From the entry that made it. Two histories of a log, one of them from a restored backup, may each have a version 2.</param>
/// <param name="Keys">At most 64 that are not revoked, 512 in all. A revoked key stays in the list: history is never rewritten.</param>
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
    /// <summary>The policy that holds.</summary>
    [JsonIgnore] public CapPolicy Rules => Policy ?? CapPolicy.Default;
}

/// <param name="Address">EIP-55 spelling.</param>
/// <param name="Roles">Of <c>reporter</c>, <c>responder</c>, <c>admin</c>.</param>
/// <param name="NotBefore">First instant at which a signature counts; null for no bound.</param>
/// <param name="NotAfter">First instant at which none counts any more; null for no bound.</param>
/// <param name="RevokedAt">Nothing that arrives from here on is accepted with this key.</param>
/// <param name="Reason">Why it was revoked.</param>
/// <param name="AddedBy">The admin key that signed for it, or the operator who asked: <c>key:</c> and an API key's id, for example.</param>
/// <param name="IsContract">The address is a contract wallet's: it has no key, and is asked (EIP-1271).</param>
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

/// <summary>What an operator wants a CapID to be: the body of <c>PUT /v1/caps/{capId}</c>.</summary>
/// <remarks>Keys of the CapID that are not named here are revoked. A null number keeps what is held, or takes the default.</remarks>
[GenerateSerializer, Immutable, Alias("cap.definition.v1")]
public sealed record CapDefinition(
    [property: Id(0)] string? DisplayName = null,
    [property: Id(1)] decimal? CapPotential = null,
    [property: Id(2)] decimal? Phi = null,
    [property: Id(3)] decimal? Psi = null,
    [property: Id(4)] IReadOnlyList<KeyDefinition>? Keys = null,
    [property: Id(5)] PolicyDefinition? Policy = null);

/// <param name="Roles"><c>reporter</c> alone when absent.</param>
/// <param name="IsContract">A contract wallet: it reports under <c>full-v2</c>, and cannot be an admin.</param>
[GenerateSerializer, Immutable, Alias("cap.key-definition.v1")]
public sealed record KeyDefinition(
    [property: Id(0), Required] string? Address,
    [property: Id(1), AllowedValues("reporter", "responder", "admin")] IReadOnlyList<string>? Roles = null,
    [property: Id(2)] DateTimeOffset? NotBefore = null,
    [property: Id(3)] DateTimeOffset? NotAfter = null,
    [property: Id(4), JsonPropertyName("contract")] bool IsContract = false);

/// <param name="Score">Sum of the dCap of every accepted incident and of every correction.</param>
/// <param name="Origin">The log that the CapID's entries are in; signed changes name it.</param>
/// <param name="Incidents">How many were accepted.</param>
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

/// <summary>A CapID in the list of all.</summary>
/// <param name="Keys">How many are not revoked.</param>
[GenerateSerializer, Immutable, Alias("cap.summary.v1")]
public sealed record CapSummary(
    [property: Id(0)] string CapId,
    [property: Id(1)] long Version,
    [property: Id(2)] string DisplayName,
    [property: Id(3)] decimal CapPotential,
    [property: Id(4)] decimal Score,
    [property: Id(5)] long Incidents,
    [property: Id(6)] int Keys);

/// <param name="Next">Hand it back as <c>after</c> for the next page; null at the end.</param>
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

    /// <summary>Neither an admin key of the CapID nor an operator asks for it.</summary>
    Unauthorised = 5,

    /// <summary>The context is not the one that the change is meant for, or the change would leave it without an admin.</summary>
    Conflicts = 6,

    /// <summary>There is no such CapID, or no such incident of it.</summary>
    Unknown = 7,

    /// <summary>Others changed it meanwhile; ask again.</summary>
    Busy = 8,

    /// <summary>It was changed as often as it may be, for now.</summary>
    TooMany = 9,
}

[GenerateSerializer, Immutable, Alias("cap.cap-ruling.v1")]
public sealed record CapRuling(
    [property: Id(0)] CapVerdict Verdict,
    [property: Id(1)] CapView? Cap,
    [property: Id(2)] Incidents.Refusal? Refusal);
