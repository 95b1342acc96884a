using System.Numerics;
using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>
/// Asks all nodes of <c>RPC_URL</c> at once. One that says nothing keeps nobody waiting, and whatever one says is its own fault.
/// </summary>
internal static class EachNode
{
    /// <summary>For those that have not answered when enough have: 1 second; 10 where those that have decide nothing.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1), GraceOfDoubt = TimeSpan.FromSeconds(10);

    /// <summary>As many as must answer before the others are not waited for.</summary>
    public static int Quorum(JsonRpcClient rpc) => Math.Min(2, rpc.Each.Count);

    /// <param name="isEnough">Of the answers so far, at least one; true ends it. Null for all that answer in time.</param>
    /// <param name="areNear">
    /// Whether answers are as near to each other as honest ones are: between two that are not, only another node decides. Null where
    /// they need not be.
    /// </param>
    /// <param name="doubt">
    /// How long others are waited for where as many have spoken as must, and decide nothing: they are too far apart, or a fault is one's whole
    /// answer. A quarter of it where all of those were late before. Null for <see cref="GraceOfDoubt"/>.
    /// </param>
    /// <returns>With the last fault of a node; null for none.</returns>
    public static async Task<(List<T> Answers, ChainUnavailableException? Last)> AskAsync<T>(
        JsonRpcClient rpc, Func<JsonRpcClient, Task<T>> ask, Func<List<T>, bool>? isEnough = null, Func<List<T>, bool>? areNear = null,
            TimeSpan? doubt = null)
    {
        var (answers, last) = (new List<T>(rpc.Each.Count), (ChainUnavailableException?)null);
        var running = rpc.Each.Select(node => (Node: node, Answer: ask(node))).ToList();
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
            else if (rpc.Each.Count - running.Count >= Quorum(rpc))
            {
                grace ??= Task.Delay((doubt ?? GraceOfDoubt) / (running.TrueForAll(late => late.Node.IsLate) ? 4 : 1), TimeProvider.System);
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
            // What it says is not needed; that it says something is.
            _ = answer.ContinueWith(task => node.IsLate &= !task.IsCompletedSuccessfully, TaskScheduler.Default);
        }

        return (answers, last);
    }

    /// <summary>Asks all of them for what any may know; one that takes its time keeps nobody waiting once another has it.</summary>
    /// <returns>Null when none has it.</returns>
    /// <exception cref="ChainUnavailableException">None has it, and one did not say.</exception>
    public static async Task<T?> FindAsync<T>(
        JsonRpcClient rpc, Func<JsonRpcClient, CancellationToken, Task<T?>> ask, CancellationToken cancellationToken)
        where T : class
    {
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (running, last) = (rpc.Each.Select(node => ask(node, others.Token)).ToList(), (ChainUnavailableException?)null);
        while (running.Count > 0)
        {
            var done = await Task.WhenAny(running);
            running.Remove(done);
            try
            {
                if (await done is { } found)
                {
                    await others.CancelAsync(); // what the others say is not needed
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

    /// <summary>None is more than so many times another.</summary>
    public static bool AreWithin(IReadOnlyCollection<BigInteger> values, int times, BigInteger slack) =>
        values.Count == 0 || values.Max() <= (values.Min() * times) + slack;

    /// <summary>
    /// Which of several refusals counts. "Too large" does only when two say it, and more than do not: a batch that was made smaller for one
    /// voice may leave out for good what another time fits.
    /// </summary>
    /// <param name="others">How many had nothing against it.</param>
    public static ChainUnavailableException Heard<TFault>(JsonRpcClient rpc, List<TFault> refusals, int others, Func<TFault, bool> isTooLarge)
        where TFault : ChainUnavailableException
    {
        var large = refusals.FindAll(refusal => isTooLarge(refusal));
        return large.Count >= Quorum(rpc) && large.Count * 2 > refusals.Count + others ? large[0]
            : refusals.Find(refusal => !isTooLarge(refusal))
            ?? (ChainUnavailableException)new NodesDisagreeException($"Two nodes of RPC_URL must say that a transaction is too large, and one does. {large[0].Message}", large[0]);
    }

    /// <returns>The one in the middle, the higher of two: of three, none makes it what it likes.</returns>
    public static T Median<T>(IReadOnlyCollection<T> answers) => answers.Order().ElementAt(answers.Count / 2);
}
