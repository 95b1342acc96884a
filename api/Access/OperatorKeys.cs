using System.Collections.Concurrent;
using CapOrleans.Contracts.Access;
using CapOrleans.Core.Access;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Access;

/// <summary>The cluster's API keys, as cached here; remembers when each was used.</summary>
internal sealed class OperatorKeys
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> used = new();
    private readonly TimeProvider time;
    private readonly ClusterList<OperatorKey> keys;

    public OperatorKeys(IGrainFactory grains, TimeProvider time)
    {
        this.time = time;
        keys = new ClusterList<OperatorKey>(() =>
        {
            var uses = used.ToDictionary();
            used.Clear();
            return grains.GetGrain<IOperatorsGrain>(0).ListAsync(uses);
        }, time);
    }

    /// <returns>Null when there is no such key, or it is revoked.</returns>
    public async Task<OperatorKey?> FindAsync(string text)
    {
        if (!ApiKey.TryParse(text, out var given))
        {
            return null;
        }

        var kept = (await ListAsync()).FirstOrDefault(key => key.Id == given.Id);
        if (kept is not { RevokedAt: null } || !given.Matches(kept))
        {
            return null;
        }

        used[kept.Id] = time.GetUtcNow();
        return kept;
    }

    public Task<IReadOnlyList<OperatorKey>> ListAsync() => keys.ListAsync();

    /// <summary>Expires the cache: the next lookup asks the cluster.</summary>
    public void Invalidate() => keys.Invalidate();
}
