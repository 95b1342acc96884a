namespace CapOrleans.Gate.Spool;

/// <summary>Counts the bytes that wait, in all and by owner, against the limits.</summary>
/// <param name="before">What an earlier run left waiting.</param>
internal sealed class SpoolQuota(SpoolLimits limits, IEnumerable<WaitingBytes> before)
{
    private readonly Lock gate = new();

    /// <summary>Bytes by owner, separately for vouched-for and other incidents.</summary>
    private readonly Dictionary<(string Owner, bool IsVouched), long> shares = before
        .GroupBy(bytes => (bytes.Owner, bytes.IsVouched)).ToDictionary(share => share.Key, share => share.Sum(bytes => bytes.Count));

    private long all = before.Sum(bytes => bytes.Count), unvouched = before.Where(bytes => !bytes.IsVouched).Sum(bytes => bytes.Count);

    /// <summary>Bytes that wait in all, and those of them that no list of keys vouches for.</summary>
    public (long All, long Unvouched) Used
    {
        get
        {
            lock (gate)
            {
                return (all, unvouched);
            }
        }
    }

    /// <returns>False when there is not enough space; then none is taken.</returns>
    public bool TryReserve(WaitingBytes wanted)
    {
        lock (gate)
        {
            // Each kind has a limit of its own: strangers cannot take the space that busy CapIDs must leave free.
            var (most, taken) = wanted.IsVouched
                ? (limits.MaxBytes - limits.MaxUnvouchedBytes, all - unvouched) : (limits.MaxUnvouchedBytes, unvouched);
            var free = most - taken - wanted.Count;
            var share = shares.GetValueOrDefault((wanted.Owner, wanted.IsVouched)) + wanted.Count;
            if (free < 0 || share > (wanted.IsVouched ? free * SpoolLimits.ShareOfFree : limits.MaxUnvouchedBytesEach))
            {
                return false;
            }

            Add(wanted);
            return true;
        }
    }

    public void Adjust(IEnumerable<WaitingBytes> by)
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
        unvouched += bytes.IsVouched ? 0 : bytes.Count;
        var owner = (bytes.Owner, bytes.IsVouched);
        shares[owner] = shares.GetValueOrDefault(owner) + bytes.Count;
        if (shares[owner] == 0)
        {
            shares.Remove(owner);
        }
    }
}
