namespace CapOrleans.Grains;

/// <summary>Grain state of which memory never claims more than the disk.</summary>
internal static class StoredState
{
    /// <summary>When this completes, the next state is on disk. When it fails, the one before counts, until the activation ends and reads what is there.</summary>
    /// <param name="deactivate">Of the grain.</param>
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
