using System.Security.Cryptography;
using CapOrleans.Api.Access;
using CapOrleans.Contracts.Access;
using CapOrleans.Core.Access;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Integrations;

/// <summary>The cluster's integrations, as cached here.</summary>
internal sealed class IntegrationKeys(IGrainFactory grains, TimeProvider time)
{
    private readonly ClusterList<Integration> integrations =
        new(() => grains.GetGrain<IIntegrationsGrain>(0).ListAsync(), time);

    /// <returns>Null when no integration has this key.</returns>
    public async Task<Integration?> FindAsync(string key)
    {
        if (key.Length != IntegrationKey.Length)
        {
            return null;
        }

        var hash = IntegrationKey.HashOf(key);
        return (await ListAsync()).FirstOrDefault(one => CryptographicOperations.FixedTimeEquals(one.Hash, hash));
    }

    public Task<IReadOnlyList<Integration>> ListAsync() => integrations.ListAsync();

    /// <summary>Expires the cache: the next lookup asks the cluster.</summary>
    public void Invalidate() => integrations.Invalidate();
}
