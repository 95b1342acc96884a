namespace CapOrleans.Gate.Keys;

/// <summary>
/// Whether the cluster gives lists of keys. One failed look-up says nothing about the next. An outage is several failures in a row with no
/// success between, over at least <see cref="OutageAfter"/>; it ends with the first success, or when the cluster says that it is busy. While it lasts, and while the cluster lets this
/// gate read nothing, look-ups are paused but for a probe now and then.
/// </summary>
internal sealed class LookupHealth(TimeProvider time)
{
    public const int OutageFailures = 3;

    public static readonly TimeSpan OutageAfter = TimeSpan.FromSeconds(2), ProbeInterval = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private int failures;
    private bool isDoubted;
    private long firstFailureAt, lastAskedAt;

    /// <summary>What kept the last look-up from giving a list; null when it gave one.</summary>
    public string? LastError { get; private set; }

    /// <summary>Nobody asks but a probe.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>It is not known yet whether the last failure was the first of an outage.</summary>
    public bool IsInDoubt => (isDoubted || failures > 0) && !IsPaused;

    public void Succeed()
    {
        lock (gate)
        {
            (failures, isDoubted, IsPaused, LastError) = (0, false, false, null);
        }
    }

    /// <summary>The cluster answered that this gate may not read.</summary>
    public void Refuse(string error)
    {
        lock (gate)
        {
            (failures, isDoubted, IsPaused, LastError, lastAskedAt) = (0, false, true, error, time.GetTimestamp());
        }
    }

    /// <summary>The cluster answered that it has no time: whoever can make it busy must not make it pass for away.</summary>
    public void Postpone(string error)
    {
        lock (gate)
        {
            (failures, isDoubted, IsPaused, LastError) = (0, false, false, error);
        }
    }

    /// <summary>There was no answer in a host's time: it counts for no failure, and is to be looked into.</summary>
    /// <returns>Whether look-ups are paused now.</returns>
    public bool Doubt(string error)
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

    /// <returns>True for the one caller whose turn it is to see whether the pause is over.</returns>
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
