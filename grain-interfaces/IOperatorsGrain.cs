using CapOrleans.Contracts.Access;

namespace CapOrleans.GrainInterfaces;

/// <summary>The API keys of the cluster's operators. Key 0.</summary>
[GrainInterfaceType("cap.operators"), Alias("cap.operators")]
public interface IOperatorsGrain : IGrainWithIntegerKey
{
    /// <param name="used">The last use of each key since the previous call, by key id.</param>
    /// <returns>All keys, revoked ones included.</returns>
    [Alias("list")] Task<IReadOnlyList<OperatorKey>> ListAsync(IReadOnlyDictionary<string, DateTimeOffset> used);

    /// <summary>
    /// Stores a key whose secret only its creator has. The log entry comes first: an entry without a key does no harm.
    /// </summary>
    /// <returns>False when there are too many keys, or the id is taken.</returns>
    [Alias("add")] Task<bool> AddAsync(OperatorKey key, Actor actor);

    [Alias("revoke")] Task<RevocationVerdict> RevokeAsync(string id, Actor actor);
}

public enum RevocationVerdict
{
    Undecided = 0,
    Revoked = 1,
    Unknown = 2,

    /// <summary>The last admin key cannot be revoked: without one, no one could create another.</summary>
    LastAdmin = 3,
}
