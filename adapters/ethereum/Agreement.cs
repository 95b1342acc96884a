using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>The nodes of <c>RPC_URL</c> give different answers: one lies, or lags.</summary>
public sealed class NodesDisagreeException(string message, Exception? inner = null) : ChainUnavailableException(message, inner);

/// <summary>
/// Queries chain data that is then trusted. Of several nodes, two must agree, so that no single one can make up what
/// the log records about the chain; a single configured node is trusted. All nodes are asked concurrently, so an
/// unresponsive one does not hold up the result.
/// </summary>
/// <param name="inconclusiveWait">As in <see cref="EachNode"/>.</param>
internal sealed class Agreement(JsonRpcClient rpc, TimeSpan? inconclusiveWait = null)
{
    /// <summary>
    /// Blocks that one honest node normally lags behind another: three minutes of Ethereum, four seconds of a chain
    /// with four blocks a second.
    /// </summary>
    private const long MaxUsualLag = 16;

    /// <summary>Number of nodes that must agree.</summary>
    private int Quorum => EachNode.Quorum(rpc);

    /// <param name="ask">Asks one node; answers are compared by value.</param>
    /// <param name="what">Name of what is asked for, for messages.</param>
    /// <exception cref="NodesDisagreeException">No two nodes give the same answer.</exception>
    /// <exception cref="ChainUnavailableException">No node answers.</exception>
    public async Task<T> AskAsync<T>(Func<JsonRpcClient, Task<T>> ask, string what)
    {
        var (answers, last) = await EachNode.AskAsync(rpc, ask, found => CountMatchingLast(found) == Quorum,
            areNear: _ => false, inconclusiveWait);
        return answers.Count == 0 ? throw last!
            : CountMatchingLast(answers) == Quorum ? answers[^1]
            : throw Disagreement(what, answers.Count, last);
    }

    /// <returns>The highest block that two nodes have reached.</returns>
    /// <exception cref="ChainUnavailableException" />
    public Task<long> HeightAsync(CancellationToken cancellationToken) =>
        HighestAsync(node => node.NumberAsync("eth_blockNumber", cancellationToken), MaxUsualLag);

    /// <summary>Reads a number that only grows, and for which a node may lag.</summary>
    /// <param name="maxSpread">
    /// Largest normal difference between honest nodes; if the answers differ by more, another node is waited for.
    /// </param>
    /// <returns>The highest value that two nodes have reached.</returns>
    /// <exception cref="ChainUnavailableException" />
    public async Task<long> HighestAsync(Func<JsonRpcClient, Task<long>> ask, long maxSpread) => (await ReachedAsync(ask, maxSpread))[0];

    /// <summary>
    /// Asks at the newest block that two nodes have and, if they disagree there, at the lower ones that the other nodes
    /// have reached: a node that lies about the newest block, or at it, cannot break the agreement of those that lag.
    /// </summary>
    /// <exception cref="ChainUnavailableException">No node answers, or no two agree at any height.</exception>
    public async Task<T> AtNewestAsync<T>(Func<long, Task<T>> ask, CancellationToken cancellationToken)
    {
        ChainUnavailableException? first = null;
        foreach (var height in await HeightsAsync(cancellationToken))
        {
            try
            {
                return await ask(height);
            }
            catch (ChainUnavailableException fault)
            {
                first ??= fault;
            }
        }

        throw first!;
    }

    /// <returns>
    /// Height of the newest block that two nodes have, then the lower ones that the other nodes have reached.
    /// </returns>
    /// <exception cref="ChainUnavailableException" />
    public Task<List<long>> HeightsAsync(CancellationToken cancellationToken) =>
        ReachedAsync(node => node.NumberAsync("eth_blockNumber", cancellationToken), MaxUsualLag);

    /// <summary>
    /// Looks for something that may not exist. Its absence counts when all nodes report it, since a node that lags does
    /// not know it yet; slow nodes are waited for. If one fails, two nodes that do not lag must report it absent: the
    /// failing one may be the only honest one that knows it.
    /// </summary>
    /// <param name="atLeast">The block that a node must have reached to be able to know.</param>
    /// <inheritdoc cref="AskAsync{T}"/>
    public async Task<T?> FindAsync<T>(Func<JsonRpcClient, Task<T?>> ask, string what, long atLeast, CancellationToken cancellationToken)
        where T : class
    {
        var (answers, last) = await EachNode.AskAsync(
            rpc, ask, found => found[^1] is not null && CountMatchingLast(found) == Quorum, areNear: _ => false, inconclusiveWait);
        return answers.Count == 0 ? throw last!
            : answers.Count >= Quorum && answers.TrueForAll(answer => answer is null)
                ? answers.Count == rpc.Nodes.Count ? null : await FindAtHeightAsync(ask, what, atLeast, cancellationToken)
            : answers[^1] is not null && CountMatchingLast(answers) == Quorum ? answers[^1]
            : throw Disagreement(what, answers.Count, last);
    }

    /// <summary>
    /// Asks once more, counting only nodes that have reached both <paramref name="atLeast"/> and the height that two
    /// nodes have.
    /// </summary>
    private async Task<T?> FindAtHeightAsync<T>(Func<JsonRpcClient, Task<T?>> ask, string what, long atLeast,
        CancellationToken cancellationToken)
        where T : class
    {
        var height = Math.Max(atLeast, await HeightAsync(cancellationToken));
        var (answers, last) = await EachNode.AskAsync(
            rpc,
            async node => await node.NumberAsync("eth_blockNumber", cancellationToken) >= height ? (IsThere: true, Answer: await ask(
                node)) : default,
            areNear: _ => false, inconclusiveWait: inconclusiveWait);
        var answered = answers.Where(answer => answer.IsThere).Select(answer => answer.Answer).ToList();
        return answered.Count >= Quorum && answered.TrueForAll(answer => answer is null) ? null : throw Disagreement(what,
            answered.Count, last);
    }

    /// <returns>The highest value that two nodes have reached, then the lower ones of the other nodes.</returns>
    private async Task<List<long>> ReachedAsync(Func<JsonRpcClient, Task<long>> ask, long maxSpread)
    {
        var (numbers, last) = await EachNode.AskAsync(rpc, ask, areNear: found => found.Max() - found.Min() <= maxSpread,
            inconclusiveWait: inconclusiveWait);
        return numbers.Count >= Quorum ? [.. numbers.OrderDescending().Skip(Quorum - 1).Distinct()] : throw last!;
    }

    private NodesDisagreeException Disagreement(string what, int answered, ChainUnavailableException? last) => new(
        $"Two nodes of RPC_URL must agree on {what}, but none do: {answered} of {rpc.Nodes.Count} " +
            $"answered.{(last is null ? "" : $" {last.Message}")}", last);

    /// <summary>Counts the answers that equal the last one.</summary>
    private static int CountMatchingLast<T>(List<T> answers) => answers.Count(answer => EqualityComparer<T>.Default.Equals(answer, answers[^1]));
}
