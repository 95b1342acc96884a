namespace CapOrleans.Grains.Caps;

/// <summary>
/// Reads of CapIDs' contexts in one silo, few at once: anybody can name any CapID, and the names that nobody registered must leave most of
/// the database's connections to the others.
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
