namespace CapOrleans.Gate.Spool;

/// <summary>Counts the bytes that wait, and whose they are.</summary>
/// <param name="held">What waits from a former life.</param>
internal sealed class SpoolRoom(SpoolLimits limits, IEnumerable<WaitingBytes> held)
{
    private readonly Lock gate = new();

    /// <summary>Of what lists of keys vouch for: strangers can name any CapID.</summary>
    private readonly Dictionary<string, long> byCap = held.Where(bytes => bytes.IsVouched)
        .GroupBy(bytes => bytes.CapId, StringComparer.Ordinal).ToDictionary(cap => cap.Key, cap => cap.Sum(bytes => bytes.Count), StringComparer.Ordinal);

    private long all = held.Sum(bytes => bytes.Count), unvouched = held.Where(bytes => !bytes.IsVouched).Sum(bytes => bytes.Count);

    /// <summary>In all, and of these what no list of keys vouches for.</summary>
    public (long All, long Unvouched) Taken
    {
        get
        {
            lock (gate)
            {
                return (all, unvouched);
            }
        }
    }

    /// <returns>False when there is no room for it; then nothing is taken.</returns>
    public bool TryTake(WaitingBytes wanted)
    {
        lock (gate)
        {
            var free = limits.MaxBytes - all - wanted.Count;
            if (free < 0 || (wanted.IsVouched
                ? byCap.GetValueOrDefault(wanted.CapId) + wanted.Count > free * SpoolLimits.ShareOfFree
                : unvouched + wanted.Count > limits.MaxUnvouchedBytes))
            {
                return false;
            }

            Add(wanted);
            return true;
        }
    }

    public void Move(IEnumerable<WaitingBytes> by)
    {
        lock (gate)
        {
            foreach (var bytes in by)
            {
                Add(bytes);
            }
        }
    }

    private void Add(WaitingBytes bytes)
    {
        all += bytes.Count;
        if (!bytes.IsVouched)
        {
            unvouched += bytes.Count;
        }
        else if (byCap.GetValueOrDefault(bytes.CapId) + bytes.Count is not 0 and var count)
        {
            byCap[bytes.CapId] = count;
        }
        else
        {
            byCap.Remove(bytes.CapId);
        }
    }
}
