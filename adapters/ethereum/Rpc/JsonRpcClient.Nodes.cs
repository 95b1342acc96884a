using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Ethereum.Rpc;

/// <summary>Chooses which of several nodes is asked.</summary>
public sealed partial class JsonRpcClient
{
    /// <summary>How long to wait for a node before another is asked as well. 2 seconds.</summary>
    private static readonly TimeSpan HedgeDelay = TimeSpan.FromSeconds(2);

    /// <summary>Longest backoff that a node may ask for. 10 minutes.</summary>
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(10);

    private volatile Backoff? backoff; // of this node alone: another node's backoff does not affect it

    /// <summary>
    /// Asks a node, then the next one if it does not answer, refuses, or returns something unreadable. A slow node is
    /// still waited for, but the next one is asked as well.
    /// </summary>
    /// <inheritdoc cref="CallAsync(string, CancellationToken, IReadOnlyList{JsonNode?})"/>
    public async Task<T> CallAsync<T>(
        string method, Func<JsonElement, T> read, CancellationToken cancellationToken, params IReadOnlyList<JsonNode?> parameters)
    {
        var (first, mostRelevant) = (Volatile.Read(ref current), (ChainUnavailableException?)null);
        if (Nodes[first].IsLate && Nodes.ToList().FindIndex(node => !node.IsLate) is >= 0 and var other)
        {
            Interlocked.CompareExchange(ref current, other, first);
            first = other;
        }

        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<(int Node, Task<T> Answer)>();
        for (var next = 0; next < urls.Count || running.Count > 0;)
        {
            if (next < urls.Count && running.TrueForAll(asked => Nodes[asked.Node].IsLate))
            {
                var node = (first + next++) % urls.Count;
                running.Add((node, AskAsync(node)));
            }

            if (await FirstAsync(running, mayAskAnother: next < urls.Count) is not { Answer: not null } done)
            {
                continue;
            }

            running.Remove(done);
            try
            {
                var answer = await done.Answer;
                if (Nodes[first].IsLate)
                {
                    Interlocked.CompareExchange(ref current, done.Node, first);
                }

                running.ForEach(asked => _ = asked.Answer.ContinueWith(task => task.Exception, TaskScheduler.Default));
                await others.CancelAsync();
                return answer;
            }
            catch (ChainUnavailableException fault)
            {
                mostRelevant = mostRelevant is null || Rank(fault) > Rank(mostRelevant) ? fault : mostRelevant;
                if (IsNodeFault(fault))
                {
                    Interlocked.CompareExchange(ref current, (done.Node + 1) % urls.Count, done.Node);
                }
            }
        }

        throw mostRelevant!;

        async Task<T> AskAsync(int node) =>
            RpcAnswer.Read(Describe(urls[node]), await Nodes[node].UnlessBackingOffAsync(() => SendAsync(urls[node], method,
                parameters, others.Token)), read);
    }

    /// <returns>A client of the same nodes with a backoff state of its own.</returns>
    public JsonRpcClient WithOwnBackoff() => new(http, urls, devTokenFile, time);

    /// <exception cref="ChainUnavailableException">
    /// The node's backoff is not over, or <paramref name="ask"/> failed.
    /// </exception>
    private async Task<T> UnlessBackingOffAsync<T>(Func<Task<T>> ask)
    {
        if (backoff is { } asked && asked.Wait - clock.GetElapsedTime(asked.Since) is var left && left > TimeSpan.Zero)
        {
            throw new ChainUnavailableException(asked.Reason) { RetryAfter = left };
        }

        try
        {
            return await ask();
        }
        catch (ChainUnavailableException fault) when (fault.RetryAfter is { } wait)
        {
            backoff = new Backoff(clock.GetTimestamp(), wait < LongestBackoff ? wait : LongestBackoff, fault.Message);
            throw;
        }
    }

    /// <returns>
    /// The first to complete; the default when the node asked last took too long, in which case all that are running
    /// count as late from now on.
    /// </returns>
    private async Task<(int Node, Task<T> Answer)> FirstAsync<T>(List<(int Node, Task<T> Answer)> running, bool mayAskAnother)
    {
        IEnumerable<Task> answers = running.Select(asked => asked.Answer);
        using var asked = new CancellationTokenSource();
        var hedge = mayAskAnother ? Task.Delay(HedgeDelay, TimeProvider.System, asked.Token) : null;
        var done = await Task.WhenAny(hedge is null ? answers : answers.Append(hedge));
        await asked.CancelAsync();
        if (done == hedge)
        {
            running.ForEach(late => Nodes[late.Node].IsLate = true);
            return default;
        }

        return running.Find(one => one.Answer == done);
    }

    /// <summary>
    /// Repeats the work with the next node, while there is one, if the current node is on another chain or lacks what
    /// should be there.
    /// </summary>
    /// <exception cref="ChainMismatchException">Every node is on another chain, or lacks it.</exception>
    public async Task<T> TryEachAsync<T>(Func<Task<T>> work)
    {
        for (var attempt = 1; ; attempt++)
        {
            var used = Volatile.Read(ref current);
            try
            {
                return await work();
            }
            catch (ChainMismatchException) when (attempt < urls.Count)
            {
                Interlocked.CompareExchange(ref current, (used + 1) % urls.Count, used);
            }
        }
    }

    private sealed record Backoff(long Since, TimeSpan Wait, string Reason);

    /// <summary>Precedence of a fault when every node failed: what the caller itself can act on comes first.</summary>
    private static int Rank(ChainUnavailableException fault) => fault is not RpcErrorException refused ? 0
        : refused.Refusal switch { RpcRefusal.TooLarge => 3, RpcRefusal.Other => 1, _ => 2 };

    /// <summary>
    /// Whether another node is asked from now on: this one does not answer, refuses access, accepts less than others,
    /// or lacks the method.
    /// </summary>
    private static bool IsNodeFault(ChainUnavailableException fault) =>
        fault is not RpcErrorException { Refusal: not (RpcRefusal.Other or RpcRefusal.TooLarge or RpcRefusal.NoSuchMethod) };
}
