namespace CapOrleans.Core;

/// <summary>The last so many different values that were added. Many may call at once.</summary>
/// <param name="most">One more, and the oldest is forgotten.</param>
public sealed class RecentSet<T>(int most)
    where T : notnull
{
    private readonly Lock gate = new();
    private readonly Dictionary<T, LinkedListNode<T>> places = [];
    private readonly LinkedList<T> order = new();

    /// <returns>False when it is among the last already; then it keeps its place.</returns>
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

    /// <summary>It is the newest now, whether it was among them or not.</summary>
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
