using System.Numerics;
using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>
/// Asks all nodes of <c>RPC_URL</c> concurrently. An unresponsive node does not hold up the result, and any fault in an
/// answer is its node's alone.
/// </summary>
internal static class EachNode
{
    /// <summary>
    /// How long to wait for the remaining nodes once enough have answered: 1 second; 10 when their answers decide
    /// nothing.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1), InconclusiveGrace = TimeSpan.FromSeconds(10);

    /// <summary>Number of nodes that must answer before the others are no longer waited for.</summary>
    public static int Quorum(JsonRpcClient rpc) => Math.Min(2, rpc.Nodes.Count);

    /// <param name="isEnough">
    /// Gets the answers so far, at least one; true ends the wait. Null to take all that come in time.
    /// </param>
    /// <param name="areNear">
    /// Whether the answers are as close to each other as those of honest nodes: if two are not, only another node can
    /// decide. Null when they need not be.
    /// </param>
    /// <param name="inconclusiveWait">
    /// How long to wait for more nodes when enough have responded but decide nothing: the answers are too far apart, or
    /// a fault is all that one gave. A quarter of it if all remaining nodes were late before. Null for
    /// <see cref="InconclusiveGrace"/>.
    /// </param>
    /// <returns>The answers, with the last fault of a node; null for none.</returns>
    public static async Task<(List<T> Answers, ChainUnavailableException? Last)> AskAsync<T>(
        JsonRpcClient rpc, Func<JsonRpcClient, Task<T>> ask, Func<List<T>, bool>? isEnough = null, Func<List<T>, bool>? areNear = null,
            TimeSpan? inconclusiveWait = null)
    {
        var (answers, last) = (new List<T>(rpc.Nodes.Count), (ChainUnavailableException?)null);
        var running = rpc.Nodes.Select(node => (Node: node, Answer: ask(node))).ToList();
        var (grace, isGrace) = ((Task?)null, false);
        while (running.Count > 0 && !(answers.Count > 0 && isEnough?.Invoke(answers) == true))
        {
            var isQuorum = answers.Count >= Quorum(rpc);
            var isSettled = isQuorum && areNear?.Invoke(answers) != false;
            if (isSettled && running.TrueForAll(late => late.Node.IsLate))
            {
                break;
            }

            if (isSettled && !isGrace)
            {
                (grace, isGrace) = (Task.Delay(Grace, TimeProvider.System), true);
            }
            else if (rpc.Nodes.Count - running.Count >= Quorum(rpc))
            {
                grace ??= Task.Delay((inconclusiveWait ?? InconclusiveGrace) / (running.TrueForAll(late => late.Node.IsLate) ? 4 : 1), TimeProvider.System);
            }

            IEnumerable<Task> waiting = running.Select(late => late.Answer);
            var done = await Task.WhenAny(grace is null ? waiting : waiting.Append(grace));
            if (done == grace)
            {
                running.ForEach(late => late.Node.IsLate = true);
                break;
            }

            var (node, answer) = running.Find(late => late.Answer == done);
            running.Remove((node, answer));
            try
            {
                answers.Add(await answer);
                node.IsLate = false;
            }
            catch (ChainUnavailableException fault)
            {
                last = fault;
            }
        }

        foreach (var (node, answer) in running)
        {
            // The answer is no longer needed, but the fact that it came clears IsLate.
            _ = answer.ContinueWith(task => node.IsLate &= !task.IsCompletedSuccessfully, TaskScheduler.Default);
        }

        return (answers, last);
    }

    /// <summary>
    /// Asks all nodes for something that any may know; once one has found it, the others are no longer waited for.
    /// </summary>
    /// <returns>Null when no node has it.</returns>
    /// <exception cref="ChainUnavailableException">No node has it, and one failed.</exception>
    public static async Task<T?> FindAsync<T>(
        JsonRpcClient rpc, Func<JsonRpcClient, CancellationToken, Task<T?>> ask, CancellationToken cancellationToken)
        where T : class
    {
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (running, last) = (rpc.Nodes.Select(node => ask(node, others.Token)).ToList(), (ChainUnavailableException?)null);
        while (running.Count > 0)
        {
            var done = await Task.WhenAny(running);
            running.Remove(done);
            try
            {
                if (await done is { } found)
                {
                    await others.CancelAsync(); // the other answers are not needed
                    running.ForEach(other => _ = other.ContinueWith(task => task.Exception, TaskScheduler.Default));
                    return found;
                }
            }
            catch (ChainUnavailableException fault)
            {
                last = fault;
            }
        }

        return last is null ? null : throw last;
    }

    /// <summary>Whether no value is more than so many times another, plus <paramref name="slack"/>.</summary>
    public static bool AreWithin(IReadOnlyCollection<BigInteger> values, int times, BigInteger slack) =>
        values.Count == 0 || values.Max() <= (values.Min() * times) + slack;

    /// <summary>
    /// Picks the refusal that counts. "Too large" counts only when at least two nodes report it and they are the
    /// majority: a batch that is made smaller on one node's word may leave out for good what would fit another time.
    /// </summary>
    /// <param name="others">Number of nodes that did not refuse.</param>
    public static ChainUnavailableException PickRefusal<TFault>(JsonRpcClient rpc, List<TFault> refusals, int others,
        Func<TFault, bool> isTooLarge)
        where TFault : ChainUnavailableException
    {
        var large = refusals.FindAll(refusal => isTooLarge(refusal));
        return large.Count >= Quorum(rpc) && large.Count * 2 > refusals.Count + others ? large[0]
            : refusals.Find(refusal => !isTooLarge(refusal))
            ?? (ChainUnavailableException)new NodesDisagreeException("A transaction counts as too large only when at " +
                $"least two nodes of RPC_URL, and most of them, report it; fewer did. {large[0].Message}", large[0]);
    }

    /// <returns>The median, the higher of two: of three nodes, no single one can set it at will.</returns>
    public static T Median<T>(IReadOnlyCollection<T> answers) => answers.Order().ElementAt(answers.Count / 2);
}
