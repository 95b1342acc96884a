using System.Net;

namespace CapOrleans.Gate.Keys;

/// <summary>
/// Who may speak, so that garbage stops at the edge. A list that says yes is used for five seconds, so that a revoked key is refused soon;
/// before it says no it must be new, since a key may just have been added.
/// </summary>
/// <remarks>
/// Strangers can name any CapID, so what they cause is bounded and kept apart: look-ups of CapIDs that have a list have a queue of their own,
/// and so have the lists. A look-up that fails speaks for itself alone; whether it begins an outage is asked about a CapID that the cluster
/// knows, so that slow answers about unknown ones make none.
/// </remarks>
internal sealed class KeyLists : IDisposable
{
    /// <summary>CapIDs that are remembered, and apart from them CapIDs that the cluster does not have.</summary>
    public const int MaxLists = 10_000;

    /// <summary>How old a list may be that says yes, and one that says no.</summary>
    public static readonly TimeSpan ForYes = TimeSpan.FromSeconds(5), ForNo = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Asked about where no CapID is known: a name that strangers chose may be one that a firewall on the way does not let pass. It need not exist.
    /// </summary>
    private const string Harmless = "SYS-CORE";

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

    /// <summary>What kept the cluster from giving a list; null when nothing did.</summary>
    public string? LastError => health.LastError;

    /// <returns>The last list, however old; null when there was none.</returns>
    public KeyList? Last(string capId) => known.Find(capId) ?? unknown.Find(capId);

    /// <param name="address">Of the caller, as <see cref="Core.Access.ClientAddress"/> gives it.</param>
    public async Task<Lookup> FindAsync(string capId, IPAddress address, TimeSpan maxAge)
    {
        if (Fresh(capId, maxAge) is { } kept)
        {
            return kept;
        }

        if (health.IsPaused)
        {
            // Hosts do not wait for a cluster that is away: now and then one of them asks, and the others go on.
            if (!health.TryProbe())
            {
                return new Lookup(LookupVerdict.Unavailable);
            }

            await AskAsync(known.Newest ?? Harmless);
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
        Last(capId) is { } kept && time.GetElapsedTime(kept.At) <= maxAge ? new Lookup(LookupVerdict.Listed, kept) : null;

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
            health.Refuse(answer.Error!);
            return new Lookup(LookupVerdict.Unavailable);
        }

        if (answer.IsBusy)
        {
            health.Postpone(answer.Error!);
            return new Lookup(LookupVerdict.Busy);
        }

        // Whoever makes the cluster slow must not make it pass for away: what is late for a host is asked again with more time.
        var isAway = answer.IsLate && limit < KeySource.ConfirmTimeout ? health.Doubt(answer.Error!) : health.Fail(answer.Error!);
        if (isAway)
        {
            return new Lookup(LookupVerdict.Unavailable);
        }

        if (Interlocked.Exchange(ref confirming, 1) == 0)
        {
            _ = Task.Run(ConfirmAsync);
        }

        return new Lookup(LookupVerdict.Busy);
    }

    /// <summary>After a failure the gate asks by itself until it knows: an outage is noticed though no host comes back soon.</summary>
    private async Task ConfirmAsync()
    {
        try
        {
            while (health.IsInDoubt)
            {
                await Task.Delay(Confirmation, time, stopping.Token);
                await AskAsync(known.Newest ?? Harmless, KeySource.ConfirmTimeout);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or ObjectDisposedException)
        {
            // The gate stops.
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
