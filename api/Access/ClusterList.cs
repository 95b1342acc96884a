namespace CapOrleans.Api.Access;

/// <summary>
/// Caches a short list of the cluster's for a few seconds: a removal takes effect everywhere within that time, and an
/// unknown key costs only a local lookup.
/// </summary>
internal sealed class ClusterList<T>(Func<Task<IReadOnlyList<T>>> load, TimeProvider time)
{
    /// <summary>How long an API may still use what was removed through another API.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(3);

    private readonly Lock gate = new();
    private Task<IReadOnlyList<T>> cached = Task.FromResult<IReadOnlyList<T>>([]);
    private DateTimeOffset cachedAt = DateTimeOffset.MinValue;

    public Task<IReadOnlyList<T>> ListAsync()
    {
        lock (gate)
        {
            if (cached.IsFaulted || time.GetUtcNow() - cachedAt > MaxAge)
            {
                (cached, cachedAt) = (load(), time.GetUtcNow());
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
}
