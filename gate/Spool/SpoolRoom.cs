namespace CapOrleans.Gate.Spool;

/// <summary>Counts the bytes that wait.</summary>
/// <param name="held">What waits from a former life.</param>
internal sealed class SpoolRoom(SpoolLimits limits, WaitingBytes held)
{
    private readonly Lock gate = new();
    private WaitingBytes taken = held;

    public WaitingBytes Taken
    {
        get
        {
            lock (gate)
            {
                return taken;
            }
        }
    }

    /// <returns>False when there is no room for it; then nothing is taken.</returns>
    public bool TryTake(WaitingBytes wanted)
    {
        lock (gate)
        {
            var next = taken + wanted;
            if (next.All > limits.MaxBytes || (wanted.Unvouched > 0 && next.Unvouched > limits.MaxUnvouchedBytes))
            {
                return false;
            }

            taken = next;
            return true;
        }
    }

    public void Move(WaitingBytes by)
    {
        lock (gate)
        {
            taken += by;
        }
    }
}
