namespace CapOrleans.Gate.Keys;

/// <summary>
/// Whether the cluster gives lists of keys. One failed look-up predicts nothing about the next. An outage is at least
/// <see cref="OutageFailures"/> failures in a row, without a success between them, over at least
/// <see cref="OutageAfter"/>; it ends with the first success, or when the cluster answers that it is busy. During an
/// outage, and while the cluster refuses this gate all reads, look-ups are paused except for a probe every
/// <see cref="ProbeInterval"/>.
/// </summary>
internal sealed class LookupHealth(TimeProvider time)
{
    public const int OutageFailures = 3;

    public static readonly TimeSpan OutageAfter = TimeSpan.FromSeconds(2), ProbeInterval = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private int failures;
    private bool isDoubted;
    private long firstFailureAt, lastAskedAt;

    /// <summary>Why the last look-up gave no list; null when it gave one.</summary>
    public string? LastError { get; private set; }

    /// <summary>Whether look-ups are paused, except for probes.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Whether it is still unknown if the last failure was the first of an outage.</summary>
    public bool IsInDoubt => (isDoubted || failures > 0) && !IsPaused;

    public void Succeed()
    {
        lock (gate)
        {
            (failures, isDoubted, IsPaused, LastError) = (0, false, false, null);
        }
    }

    /// <summary>Records that the cluster refuses this gate all reads.</summary>
    public void RecordRefused(string error)
    {
        lock (gate)
        {
            (failures, isDoubted, IsPaused, LastError, lastAskedAt) = (0, false, true, error, time.GetTimestamp());
        }
    }

    /// <summary>
    /// Records that the cluster is busy: a client that can make it busy must not make it look unreachable.
    /// </summary>
    public void RecordBusy(string error)
    {
        lock (gate)
        {
            (failures, isDoubted, IsPaused, LastError) = (0, false, false, error);
        }
    }

    /// <summary>
    /// Records that a look-up was too late for a host: this is no failure yet, but must be followed up.
    /// </summary>
    /// <returns>Whether look-ups are paused now.</returns>
    public bool RecordTimeout(string error)
    {
        lock (gate)
        {
            (isDoubted, LastError) = (true, error);
            return IsPaused;
        }
    }

    /// <returns>Whether look-ups are paused now.</returns>
    public bool Fail(string error)
    {
        lock (gate)
        {
            lastAskedAt = time.GetTimestamp();
            firstFailureAt = failures++ == 0 ? lastAskedAt : firstFailureAt;
            LastError = error;
            return IsPaused |= failures >= OutageFailures && time.GetElapsedTime(firstFailureAt, lastAskedAt) >= OutageAfter;
        }
    }

    /// <returns>True for the one caller that is to probe whether the pause is over.</returns>
    public bool TryProbe()
    {
        lock (gate)
        {
            if (!IsPaused || time.GetElapsedTime(lastAskedAt) < ProbeInterval)
            {
                return false;
            }

            lastAskedAt = time.GetTimestamp();
            return true;
        }
    }
}
