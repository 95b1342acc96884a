namespace CapOrleans.Core;

/// <summary>A bounded set of the values that were added last. Thread-safe.</summary>
/// <param name="capacity">Capacity; one more value evicts the oldest.</param>
public sealed class RecentSet<T>(int capacity)
    where T : notnull
{
    private readonly Lock sync = new();
    private readonly Dictionary<T, LinkedListNode<T>> nodes = [];
    private readonly LinkedList<T> order = new();

    /// <returns>False when the set has the value already; its position stays as it is.</returns>
    public bool Add(T value)
    {
        lock (sync)
        {
            if (nodes.ContainsKey(value))
            {
                return false;
            }

            nodes[value] = order.AddLast(value);
            if (order.Count > capacity)
            {
                nodes.Remove(order.First!.Value);
                order.RemoveFirst();
            }

            return true;
        }
    }

    /// <summary>Makes the value the newest, whether the set had it or not.</summary>
    public void Refresh(T value)
    {
        lock (sync)
        {
            Remove(value);
            Add(value);
        }
    }

    public bool Contains(T value)
    {
        lock (sync)
        {
            return nodes.ContainsKey(value);
        }
    }

    public void Remove(T value)
    {
        lock (sync)
        {
            if (nodes.Remove(value, out var place))
            {
                order.Remove(place);
            }
        }
    }
}
