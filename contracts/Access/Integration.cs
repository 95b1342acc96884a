using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Orleans;

namespace CapOrleans.Contracts.Access;

/// <summary>
/// Another system that files incidents of one CapID with a key instead of a signature; the key cannot be recovered from
/// this.
/// </summary>
/// <param name="Id">8 lower-case hex digits; not secret.</param>
/// <param name="Hash">SHA-256 of the key.</param>
/// <param name="CreatedBy">Id of the operator.</param>
[GenerateSerializer, Immutable, Alias("cap.integration.v1")]
public sealed record Integration(
    [property: Id(0)] string Id,
    [property: Id(1)] string Name,
    [property: Id(2)] string CapId,
    [property: Id(3)] byte[] Hash,
    [property: Id(4)] DateTimeOffset CreatedAt,
    [property: Id(5)] string CreatedBy)
{
    public IntegrationReference Reference => new(Id, Name);
}

/// <summary>The integration that filed an incident, as its entry records it.</summary>
[GenerateSerializer, Immutable, Alias("cap.integration-reference.v1")]
public sealed record IntegrationReference([property: Id(0)] string Id, [property: Id(1)] string Name);

/// <param name="Name">For people; 1 to 64 printable characters, without a space at either end.</param>
/// <param name="CapId">The CapID whose incidents it files.</param>
public sealed record IntegrationRequest([property: Required] string? Name, [property: Required] string? CapId);

/// <param name="Key">The key, 32 characters; only in the response that created it.</param>
public sealed record IntegrationView(
    string Id, string Name, string CapId, DateTimeOffset CreatedAt, string CreatedBy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Key = null)
{
    public static IntegrationView Of(Integration kept, string? key = null) =>
        new(kept.Id, kept.Name, kept.CapId, kept.CreatedAt, kept.CreatedBy, key);
}
