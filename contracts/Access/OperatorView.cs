using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace CapOrleans.Contracts.Access;

/// <param name="Name">For people; 1 to 64 printable characters, without a space at either end.</param>
/// <param name="Scope"><c>read</c>, <c>operate</c> or <c>admin</c>.</param>
public sealed record OperatorRequest([property: Required] string? Name, [property: Required, AllowedValues("read", "operate",
    "admin")] string? Scope);

/// <param name="Key">The key itself; only in the response that created it.</param>
public sealed record OperatorView(
    string Id, string Name, [property: AllowedValues("read", "operate", "admin")] string Scope, DateTimeOffset CreatedAt,
    DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Key = null)
{
    public static OperatorView Of(OperatorKey kept, string? key = null) =>
        new(kept.Id, kept.Name, $"{kept.Scope}".ToLowerInvariant(), kept.CreatedAt, kept.LastUsedAt, kept.RevokedAt, key);
}
