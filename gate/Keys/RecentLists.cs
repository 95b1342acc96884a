namespace CapOrleans.Gate.Keys;

/// <summary>The newest lists, at most <paramref name="most"/>: a further one replaces the oldest.</summary>
internal sealed class RecentLists(int most)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, LinkedListNode<(string CapId, KeyList List)>> nodes = new(StringComparer.Ordinal);
    private readonly LinkedList<(string CapId, KeyList List)> oldestFirst = [];

    /// <summary>The CapID of the newest list; null when there is none.</summary>
    public string? Newest
    {
        get
        {
            lock (gate)
            {
                return oldestFirst.Last?.Value.CapId;
            }
        }
    }

    public KeyList? Find(string capId)
    {
        lock (gate)
        {
            return nodes.GetValueOrDefault(capId)?.Value.List;
        }
    }

    public void Keep(string capId, KeyList list)
    {
        lock (gate)
        {
            Remove(capId);
            if (nodes.Count >= most)
            {
                Remove(oldestFirst.First!.Value.CapId);
            }

            nodes[capId] = oldestFirst.AddLast((capId, list));
        }
    }

    public void Forget(string capId)
    {
        lock (gate)
        {
            Remove(capId);
        }
    }

    private void Remove(string capId)
    {
        if (nodes.Remove(capId, out var node))
        {
            oldestFirst.Remove(node);
        }
    }
}
