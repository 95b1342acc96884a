namespace CapOrleans.Grains;

/// <summary>Writes grain state so that memory never claims more than the disk.</summary>
internal static class StoredState
{
    /// <summary>
    /// Replaces the state. When this completes, the next state is on disk. When it fails, the previous state stays in
    /// effect until the activation ends; the next activation reads what is on disk.
    /// </summary>
    /// <param name="deactivate">Deactivates the grain.</param>
    public static async Task ReplaceAsync<T>(this IPersistentState<T> stored, T next, Action deactivate)
    {
        var before = stored.State;
        stored.State = next;
        try
        {
            await stored.WriteStateAsync();
        }
        catch
        {
            stored.State = before;
            deactivate();
            throw;
        }
    }
}
