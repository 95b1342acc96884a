namespace CapOrleans.Grains.Caps;

/// <summary>
/// Bounds the concurrent reads of CapID contexts in one silo: anyone can name any CapID, and lookups of unregistered
/// names must leave most of the database's connections to other work.
/// </summary>
internal sealed class ContextLoads : IDisposable
{
    private readonly SemaphoreSlim slots = new(6);

    public async Task<T> RunAsync<T>(Func<Task<T>> load)
    {
        await slots.WaitAsync();
        try
        {
            return await load();
        }
        finally
        {
            slots.Release();
        }
    }

    public void Dispose() => slots.Dispose();
}
