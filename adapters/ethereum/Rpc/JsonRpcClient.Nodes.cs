using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Ethereum.Rpc;

/// <summary>Which of several nodes is asked.</summary>
public sealed partial class JsonRpcClient
{
    /// <summary>For a node, before another is asked beside it. 2 seconds.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    /// <summary>Of what a node asks for. 10 minutes.</summary>
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(10);

    private volatile Backoff? backoff; // of this one alone: none is left alone for another's sake

    /// <summary>
    /// A node whose answer cannot be read, or that refuses, is as one that does not answer: the next is asked. One that takes its time is
    /// not waited for alone.
    /// </summary>
    /// <inheritdoc cref="CallAsync(string, CancellationToken, IReadOnlyList{JsonNode?})"/>
    public async Task<T> CallAsync<T>(
        string method, Func<JsonElement, T> read, CancellationToken cancellationToken, params IReadOnlyList<JsonNode?> parameters)
    {
        var (first, worst) = (Volatile.Read(ref current), (ChainUnavailableException?)null);
        if (Each[first].IsLate && Each.ToList().FindIndex(node => !node.IsLate) is >= 0 and var other)
        {
            Interlocked.CompareExchange(ref current, other, first);
            first = other;
        }

        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<(int Node, Task<T> Answer)>();
        for (var next = 0; next < urls.Count || running.Count > 0;)
        {
            if (next < urls.Count && running.TrueForAll(asked => Each[asked.Node].IsLate))
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
                if (Each[first].IsLate)
                {
                    Interlocked.CompareExchange(ref current, done.Node, first);
                }

                running.ForEach(asked => _ = asked.Answer.ContinueWith(task => task.Exception, TaskScheduler.Default));
                await others.CancelAsync();
                return answer;
            }
            catch (ChainUnavailableException fault)
            {
                worst = worst is null || Rank(fault) > Rank(worst) ? fault : worst;
                if (IsTheNodes(fault))
                {
                    Interlocked.CompareExchange(ref current, (done.Node + 1) % urls.Count, done.Node);
                }
            }
        }

        throw worst!;

        async Task<T> AskAsync(int node) =>
            RpcAnswer.Read(NodeAt(urls[node]), await Each[node].UnlessBackingOffAsync(() => SendAsync(urls[node], method, parameters, others.Token)), read);
    }

    /// <returns>The same nodes, of which each rests for this one's calls alone.</returns>
    public JsonRpcClient Apart() => new(http, urls, devTokenFile, time);

    /// <exception cref="ChainUnavailableException">The node wants to be asked later, and is.</exception>
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

    /// <returns>The first that is done; the default when the one that was asked last took its time, and is late from now on.</returns>
    private async Task<(int Node, Task<T> Answer)> FirstAsync<T>(List<(int Node, Task<T> Answer)> running, bool mayAskAnother)
    {
        IEnumerable<Task> answers = running.Select(asked => asked.Answer);
        using var asked = new CancellationTokenSource();
        var hedge = mayAskAnother ? Task.Delay(LongestWait, TimeProvider.System, asked.Token) : null;
        var done = await Task.WhenAny(hedge is null ? answers : answers.Append(hedge));
        await asked.CancelAsync();
        if (done == hedge)
        {
            running.ForEach(late => Each[late.Node].IsLate = true);
            return default;
        }

        return running.Find(one => one.Answer == done);
    }

    /// <summary>
    /// Does the same again with the next node where one is on another chain, or has not what should be there, as long as there is one.
    /// </summary>
    /// <exception cref="ChainMismatchException">So it is with each of them.</exception>
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

    /// <summary>Which fault is reported when all have one: what the call itself can do something about comes first.</summary>
    private static int Rank(ChainUnavailableException fault) => fault is not RpcErrorException refused ? 0
        : refused.Refusal switch { RpcRefusal.TooLarge => 3, RpcRefusal.Other => 1, _ => 2 };

    /// <summary>Another is asked from now on: this one does not answer, may not, takes less than others, or has not the method.</summary>
    private static bool IsTheNodes(ChainUnavailableException fault) =>
        fault is not RpcErrorException { Refusal: not (RpcRefusal.Other or RpcRefusal.TooLarge or RpcRefusal.NoSuchMethod) };
}
