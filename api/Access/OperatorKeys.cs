using System.Collections.Concurrent;
using CapOrleans.Contracts.Access;
using CapOrleans.Core.Access;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Access;

/// <summary>
/// Caches the cluster's API keys for a few seconds: a revocation takes effect everywhere within that time, and an
/// unknown key costs only a local lookup.
/// </summary>
internal sealed class OperatorKeys(IGrainFactory grains, TimeProvider time)
{
    /// <summary>How long an API may still accept a key that another API revoked.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, DateTimeOffset> used = new();
    private readonly Lock gate = new();
    private Task<IReadOnlyList<OperatorKey>> cached = Task.FromResult<IReadOnlyList<OperatorKey>>([]);
    private DateTimeOffset cachedAt = DateTimeOffset.MinValue;

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

    public Task<IReadOnlyList<OperatorKey>> ListAsync()
    {
        lock (gate)
        {
            if (cached.IsFaulted || time.GetUtcNow() - cachedAt > MaxAge)
            {
                (cached, cachedAt) = (RefreshAsync(), time.GetUtcNow());
            }

            return cached;
        }
    }

    /// <summary>Expires the cache: the next lookup asks the cluster.</summary>
    public void Invalidate()
    {
        lock (gate)
        {
            cachedAt = DateTimeOffset.MinValue;
        }
    }

    private Task<IReadOnlyList<OperatorKey>> RefreshAsync()
    {
        var uses = used.ToDictionary();
        used.Clear();
        return grains.GetGrain<IOperatorsGrain>(0).ListAsync(uses);
    }
}
