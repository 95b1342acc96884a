namespace CapOrleans.Core;

/// <summary>A bounded set of the values that were added last. Thread-safe.</summary>
/// <param name="most">Capacity; one more value evicts the oldest.</param>
public sealed class RecentSet<T>(int most)
    where T : notnull
{
    private readonly Lock gate = new();
    private readonly Dictionary<T, LinkedListNode<T>> places = [];
    private readonly LinkedList<T> order = new();

    /// <returns>False when the set has the value already; its position stays as it is.</returns>
    public bool Add(T value)
    {
        lock (gate)
        {
            if (places.ContainsKey(value))
            {
                return false;
            }

            places[value] = order.AddLast(value);
            if (order.Count > most)
            {
                places.Remove(order.First!.Value);
                order.RemoveFirst();
            }

            return true;
        }
    }

    /// <summary>Makes the value the newest, whether the set had it or not.</summary>
    public void Refresh(T value)
    {
        lock (gate)
        {
            Remove(value);
            Add(value);
        }
    }

    public bool Contains(T value)
    {
        lock (gate)
        {
            return places.ContainsKey(value);
        }
    }

    public void Remove(T value)
    {
        lock (gate)
        {
            if (places.Remove(value, out var place))
            {
                order.Remove(place);
            }
        }
    }
}
