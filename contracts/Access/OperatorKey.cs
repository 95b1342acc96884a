using Orleans;

namespace CapOrleans.Contracts.Access;

/// <summary>What an API key may do. Each includes the ones before.</summary>
public enum OperatorScope
{
    None = 0,

    /// <summary>Look.</summary>
    Read = 1,

    /// <summary>Register webhooks, file delegation logs.</summary>
    Operate = 2,

    /// <summary>Register and change CapIDs, correct scores, make and revoke keys.</summary>
    Admin = 3,
}

/// <summary>An API key as the cluster keeps it: nobody can read the key from it.</summary>
/// <param name="Id">The part of the key by which it is looked up; no secret.</param>
/// <param name="Hash">SHA-256 of the whole key.</param>
/// <param name="LastUsedAt">To the minute; null when it never was.</param>
[GenerateSerializer, Immutable, Alias("cap.operator-key.v1")]
public sealed record OperatorKey(
    [property: Id(0)] string Id,
    [property: Id(1)] string Name,
    [property: Id(2)] OperatorScope Scope,
    [property: Id(3)] byte[] Hash,
    [property: Id(4)] DateTimeOffset CreatedAt,
    [property: Id(5)] DateTimeOffset? LastUsedAt,
    [property: Id(6)] DateTimeOffset? RevokedAt);
