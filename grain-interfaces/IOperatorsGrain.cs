using CapOrleans.Contracts.Access;

namespace CapOrleans.GrainInterfaces;

/// <summary>Who may operate the cluster. Key 0.</summary>
[GrainInterfaceType("cap.operators"), Alias("cap.operators")]
public interface IOperatorsGrain : IGrainWithIntegerKey
{
    /// <param name="used">When which key was used, since the last call.</param>
    /// <returns>Every key, revoked ones among them.</returns>
    [Alias("list")] Task<IReadOnlyList<OperatorKey>> ListAsync(IReadOnlyDictionary<string, DateTimeOffset> used);

    /// <summary>Keeps a key that its maker holds. The log says so first: an entry without a key does no harm.</summary>
    /// <returns>False when there are too many, or when its id is taken.</returns>
    [Alias("add")] Task<bool> AddAsync(OperatorKey key, Actor actor);

    [Alias("revoke")] Task<RevocationVerdict> RevokeAsync(string id, Actor actor);
}

public enum RevocationVerdict
{
    Undecided = 0,
    Revoked = 1,
    Unknown = 2,

    /// <summary>The last admin key stays: without one, nobody could make another.</summary>
    LastAdmin = 3,
}
