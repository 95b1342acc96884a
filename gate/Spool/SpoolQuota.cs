namespace CapOrleans.Gate.Spool;

/// <summary>Counts the bytes that wait, and whose they are.</summary>
/// <param name="before">What waits from a former life.</param>
internal sealed class SpoolQuota(SpoolLimits limits, IEnumerable<WaitingBytes> before)
{
    private readonly Lock gate = new();

    /// <summary>By their owners, apart for what lists of keys vouch for and what they do not.</summary>
    private readonly Dictionary<(string Owner, bool IsVouched), long> shares = before
        .GroupBy(bytes => (bytes.Owner, bytes.IsVouched)).ToDictionary(share => share.Key, share => share.Sum(bytes => bytes.Count));

    private long all = before.Sum(bytes => bytes.Count), unvouched = before.Where(bytes => !bytes.IsVouched).Sum(bytes => bytes.Count);

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
            // Each kind has room of its own: strangers do not take what is left free beside those who send much.
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
        unvouched += bytes.IsVouched ? 0 : bytes.Count;
        var owner = (bytes.Owner, bytes.IsVouched);
        shares[owner] = shares.GetValueOrDefault(owner) + bytes.Count;
        if (shares[owner] == 0)
        {
            shares.Remove(owner);
        }
    }
}
