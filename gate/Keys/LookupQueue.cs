using System.Net;
using CapOrleans.Core;

namespace CapOrleans.Gate.Keys;

/// <summary>
/// A queue of look-ups in which the addresses that ask take turns: a caller that asks about many CapIDs delays any
/// other by at most one of its own look-ups. Look-ups of a CapID that is already being looked up share the answer.
/// </summary>
internal sealed class LookupQueue(Func<string, Task<Lookup>> ask, TimeProvider time)
{
    /// <summary>Look-ups under way at once, that wait in all, and that wait for one address.</summary>
    public const int MaxRunning = 32, MaxWaiting = 400, MaxWaitingEach = 50;

    /// <summary>A caller without an answer by then gets <see cref="LookupVerdict.Busy"/>. 2 seconds.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private static readonly Lookup Busy = new(LookupVerdict.Busy);

    private readonly FairScheduler queue = new(MaxRunning, MaxWaiting, MaxWaitingEach);
    private readonly Lock gate = new();
    private readonly Dictionary<string, Task<Lookup>> underWay = new(StringComparer.Ordinal);
    private readonly Dictionary<(string CapId, IPAddress Address), Task<Lookup>> waiting = [];

    public async Task<Lookup> FindAsync(string capId, IPAddress address)
    {
        try
        {
            return await AskOnceAsync(capId, address).WaitAsync(MaxWait, time);
        }
        catch (TimeoutException)
        {
            return Busy;
        }
    }

    private Task<Lookup> AskOnceAsync(string capId, IPAddress address)
    {
        lock (gate)
        {
            // Not the one that waits for another address: its turn may be far off.
            if (underWay.TryGetValue(capId, out var request) || waiting.TryGetValue((capId, address), out request))
            {
                return request;
            }

            var (answer, since) = (new TaskCompletionSource<Lookup>(TaskCreationOptions.RunContinuationsAsynchronously), time.GetTimestamp());
            waiting[(capId, address)] = answer.Task;
            if (!queue.TryAdd($"{address}", RunAsync, GiveUp))
            {
                GiveUp();
            }

            return answer.Task;

            async Task RunAsync()
            {
                try
                {
                    var isLate = time.GetElapsedTime(since) >= MaxWait; // its caller has given up
                    answer.SetResult(isLate ? Busy : await ShareAsync(capId));
                }
                catch (Exception fault)
                {
                    answer.SetException(fault); // its callers get it, and the queue goes on
                }
                finally
                {
                    Leave();
                }
            }

            void GiveUp()
            {
                answer.SetResult(Busy);
                Leave();
            }

            void Leave()
            {
                lock (gate)
                {
                    waiting.Remove((capId, address));
                }
            }
        }
    }

    private async Task<Lookup> ShareAsync(string capId)
    {
        Task<Lookup>? request;
        lock (gate)
        {
            if (!underWay.TryGetValue(capId, out request))
            {
                request = underWay[capId] = AskAsync();
            }
        }

        return await request;

        async Task<Lookup> AskAsync()
        {
            await Task.Yield(); // leaves the caller's lock
            try
            {
                return await ask(capId);
            }
            finally
            {
                lock (gate)
                {
                    underWay.Remove(capId);
                }
            }
        }
    }
}
