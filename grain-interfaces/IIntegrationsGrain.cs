using CapOrleans.Contracts.Access;

namespace CapOrleans.GrainInterfaces;

/// <summary>The other systems that file incidents with a key. Key 0.</summary>
[GrainInterfaceType("cap.integrations"), Alias("cap.integrations")]
public interface IIntegrationsGrain : IGrainWithIntegerKey
{
    [Alias("list")] Task<IReadOnlyList<Integration>> ListAsync();

    /// <summary>
    /// Stores an integration whose key only its creator has. The log entry comes first: an entry without a key does no
    /// harm.
    /// </summary>
    /// <returns>False when there are too many, or the id is taken.</returns>
    [Alias("add")] Task<bool> AddAsync(Integration integration, Actor actor);

    /// <returns>False when there is no such integration.</returns>
    [Alias("remove")] Task<bool> RemoveAsync(string id, Actor actor);
}
