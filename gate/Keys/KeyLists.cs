using System.Net;

namespace CapOrleans.Gate.Keys;

/// <summary>
/// The keys that may report for each CapID, so that garbage is refused at the edge. A list that grants authority is
/// used for five seconds, so that a revoked key is soon refused; one that denies it must be at most a second old, since
/// a key may just have been added.
/// </summary>
/// <remarks>
/// Strangers can name any CapID, so the load they cause is bounded and kept apart: look-ups of CapIDs with a known list
/// have a queue of their own, and CapIDs that the cluster does not have are cached separately. A failed look-up counts
/// for itself alone; whether it starts an outage is checked with a CapID that the cluster has, so that slow answers
/// about unknown CapIDs cause none.
/// </remarks>
internal sealed class KeyLists : IDisposable
{
    /// <summary>Lists cached of known CapIDs, and as many again of CapIDs that the cluster does not have.</summary>
    public const int MaxLists = 10_000;

    /// <summary>Greatest age of a list that grants authority, and of one that denies it. 5 seconds; 1 second.</summary>
    public static readonly TimeSpan MaxAgeToAllow = TimeSpan.FromSeconds(5), MaxAgeToRefuse = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The CapID to probe with when none is known: a firewall on the way might block one that a stranger chose. It need
    /// not exist.
    /// </summary>
    private const string ProbeCapId = "SYS-CORE";

    private static readonly TimeSpan Confirmation = TimeSpan.FromMilliseconds(500);

    private readonly RecentLists known = new(MaxLists), unknown = new(MaxLists);
    private readonly KeySource source;
    private readonly LookupHealth health;
    private readonly TimeProvider time;
    private readonly LookupQueue refreshes, others;
    private readonly CancellationTokenSource stopping = new();
    private int confirming;

    public KeyLists(KeySource source, LookupHealth health, TimeProvider time)
    {
        (this.source, this.health, this.time) = (source, health, time);
        (refreshes, others) = (new LookupQueue(AskAsync, time), new LookupQueue(AskAsync, time));
    }

    /// <summary>Why the cluster gave no list; null when it did.</summary>
    public string? LastError => health.LastError;

    /// <returns>The last list, however old; null for none.</returns>
    public KeyList? FindCached(string capId) => known.Find(capId) ?? unknown.Find(capId);

    /// <param name="address">The caller's, as <see cref="Core.Access.ClientAddress"/> normalises it.</param>
    public async Task<Lookup> FindAsync(string capId, IPAddress address, TimeSpan maxAge)
    {
        if (Fresh(capId, maxAge) is { } kept)
        {
            return kept;
        }

        if (health.IsPaused)
        {
            // Hosts do not wait for a cluster that cannot be reached: now and then one of them probes, and the others
            // go on.
            if (!health.TryProbe())
            {
                return new Lookup(LookupVerdict.Unavailable);
            }

            await AskAsync(known.Newest ?? ProbeCapId);
            if (health.IsPaused)
            {
                return new Lookup(LookupVerdict.Unavailable);
            }
        }

        return Fresh(capId, maxAge) ?? await (known.Find(capId) is null ? others : refreshes).FindAsync(capId, address);
    }

    public void Dispose()
    {
        stopping.Cancel();
        stopping.Dispose();
    }

    private Lookup? Fresh(string capId, TimeSpan maxAge) =>
        FindCached(capId) is { } kept && time.GetElapsedTime(kept.At) <= maxAge ? new Lookup(LookupVerdict.Listed, kept) : null;

    private Task<Lookup> AskAsync(string capId) => AskAsync(capId, KeySource.Timeout);

    private async Task<Lookup> AskAsync(string capId, TimeSpan limit)
    {
        var answer = await source.AskAsync(capId, limit);
        if (answer.List is { } list)
        {
            health.Succeed();
            Keep(capId, list);
            return new Lookup(LookupVerdict.Listed, list);
        }

        if (answer.IsRefused)
        {
            health.RecordRefused(answer.Error!);
            return new Lookup(LookupVerdict.Unavailable);
        }

        if (answer.IsBusy)
        {
            health.RecordBusy(answer.Error!);
            return new Lookup(LookupVerdict.Busy);
        }

        // A client that slows the cluster down must not make it look unreachable: a look-up that is too late for a host
        // is repeated with a longer timeout.
        var isAway = answer.IsLate && limit < KeySource.ConfirmTimeout ? health.RecordTimeout(answer.Error!) : health.Fail(answer.Error!);
        if (isAway)
        {
            return new Lookup(LookupVerdict.Unavailable);
        }

        if (Interlocked.Exchange(ref confirming, 1) == 0)
        {
            _ = Task.Run(ProbeUntilKnownAsync);
        }

        return new Lookup(LookupVerdict.Busy);
    }

    /// <summary>
    /// After a failure, looks up by itself until the cluster's state is known: an outage is noticed even if no host
    /// sends anything soon.
    /// </summary>
    private async Task ProbeUntilKnownAsync()
    {
        try
        {
            while (health.IsInDoubt)
            {
                await Task.Delay(Confirmation, time, stopping.Token);
                await AskAsync(known.Newest ?? ProbeCapId, KeySource.ConfirmTimeout);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
        {
            // The gate is stopping.
        }
        finally
        {
            Volatile.Write(ref confirming, 0);
        }
    }

    private void Keep(string capId, KeyList list)
    {
        var (to, from) = list.Context is null ? (unknown, known) : (known, unknown);
        to.Keep(capId, list);
        from.Forget(capId);
    }
}
