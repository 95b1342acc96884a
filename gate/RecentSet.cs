namespace CapOrleans.Gate;

/// <summary>The last so many different values that were added. Many may call at once.</summary>
/// <param name="most">One more, and the oldest is forgotten.</param>
internal sealed class RecentSet<T>(int most)
    where T : notnull
{
    private readonly Lock gate = new();
    private readonly HashSet<T> values = [];
    private readonly Queue<T> order = new();

    public bool Contains(T value)
    {
        lock (gate)
        {
            return values.Contains(value);
        }
    }

    /// <returns>False when it is among the last already; then it keeps its place.</returns>
    public bool Add(T value)
    {
        lock (gate)
        {
            if (!values.Add(value))
            {
                return false;
            }

            order.Enqueue(value);
            if (order.Count > most)
            {
                values.Remove(order.Dequeue());
            }

            return true;
        }
    }
}
