using Orleans;

namespace CapOrleans.Contracts.Access;

/// <summary>What an API key may do. Each includes the ones before.</summary>
public enum OperatorScope
{
    None = 0,

    /// <summary>Read only.</summary>
    Read = 1,

    /// <summary>Manage webhooks and ladders, update incidents, file delegation logs, check archived CIDs.</summary>
    Operate = 2,

    /// <summary>Register and change CapIDs, correct scores, create and revoke keys.</summary>
    Admin = 3,
}

/// <summary>An API key as the cluster stores it; the key cannot be recovered from it.</summary>
/// <param name="Id">The part of the key that is used for lookup; not secret.</param>
/// <param name="Hash">SHA-256 of the whole key.</param>
/// <param name="LastUsedAt">Precise to the minute; null when it was never used.</param>
[GenerateSerializer, Immutable, Alias("cap.operator-key.v1")]
public sealed record OperatorKey(
    [property: Id(0)] string Id,
    [property: Id(1)] string Name,
    [property: Id(2)] OperatorScope Scope,
    [property: Id(3)] byte[] Hash,
    [property: Id(4)] DateTimeOffset CreatedAt,
    [property: Id(5)] DateTimeOffset? LastUsedAt,
    [property: Id(6)] DateTimeOffset? RevokedAt);
