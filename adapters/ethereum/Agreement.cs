using CapOrleans.Core.Anchors;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum;

/// <summary>The nodes of <c>RPC_URL</c> say different things: one lies, or is behind.</summary>
public sealed class NodesDisagreeException(string message, Exception? inner = null) : ChainUnavailableException(message, inner);

/// <summary>
/// Asks what is believed: where there are several nodes, two must say the same, so that none of them alone can make up what the log says of
/// the chain. A single one is believed. All are asked at once: one that says nothing keeps nobody waiting.
/// </summary>
/// <param name="doubt">As of <see cref="EachNode"/>.</param>
internal sealed class Agreement(JsonRpcClient rpc, TimeSpan? doubt = null)
{
    /// <summary>
    /// What a node lies behind another, as a rule: three minutes of Ethereum, four seconds of a chain with four blocks a second.
    /// </summary>
    private const long BlocksApart = 16;

    /// <summary>As many as must say the same.</summary>
    private int Quorum => EachNode.Quorum(rpc);

    /// <param name="ask">Asks one node; answers are compared by value.</param>
    /// <param name="what">For a message.</param>
    /// <exception cref="NodesDisagreeException">No two of them say the same.</exception>
    /// <exception cref="ChainUnavailableException">None answers.</exception>
    public async Task<T> AskAsync<T>(Func<JsonRpcClient, Task<T>> ask, string what)
    {
        var (answers, last) = await EachNode.AskAsync(rpc, ask, found => Count(found) == Quorum, areNear: _ => false, doubt);
        return answers.Count == 0 ? throw last!
            : Count(answers) == Quorum ? answers[^1]
            : throw Disagree(what, answers.Count, last);
    }

    /// <returns>The highest block that two nodes have come to.</returns>
    /// <exception cref="ChainUnavailableException" />
    public Task<long> HeightAsync(CancellationToken cancellationToken) =>
        HighestAsync(node => node.NumberAsync("eth_blockNumber", cancellationToken), BlocksApart);

    /// <summary>Of a number that only grows, and of which a node may lie behind.</summary>
    /// <param name="apart">Those of honest nodes are no further, as a rule: another is waited for where they are.</param>
    /// <returns>The highest that two nodes have come to.</returns>
    /// <exception cref="ChainUnavailableException" />
    public async Task<long> HighestAsync(Func<JsonRpcClient, Task<long>> ask, long apart) => (await ReachedAsync(ask, apart))[0];

    /// <summary>
    /// Asks at the newest block that two nodes have, and where they do not agree there, at those that others have come to: a node that lies
    /// about the newest one, or at it, leaves those in agreement that are behind.
    /// </summary>
    /// <exception cref="ChainUnavailableException">None answers, or no two say the same at any height.</exception>
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

    /// <returns>Of the newest block that two nodes have, and below it those that others have come to.</returns>
    /// <exception cref="ChainUnavailableException" />
    public Task<List<long>> HeightsAsync(CancellationToken cancellationToken) =>
        ReachedAsync(node => node.NumberAsync("eth_blockNumber", cancellationToken), BlocksApart);

    /// <summary>
    /// Of what may be there or not: that it is not counts when all say so, since one that is behind does not know it yet; one that takes its
    /// time is waited for. Where one fails, two must say so that are not behind: the failing one may be the only honest one that knows it.
    /// </summary>
    /// <param name="atLeast">The block that a node must have come to, so that it can know.</param>
    /// <inheritdoc cref="AskAsync{T}"/>
    public async Task<T?> FindAsync<T>(Func<JsonRpcClient, Task<T?>> ask, string what, long atLeast, CancellationToken cancellationToken)
        where T : class
    {
        var (answers, last) = await EachNode.AskAsync(
            rpc, ask, found => found[^1] is not null && Count(found) == Quorum, areNear: _ => false, doubt);
        return answers.Count == 0 ? throw last!
            : answers.Count >= Quorum && answers.TrueForAll(answer => answer is null)
                ? answers.Count == rpc.Each.Count ? null : await FindAtHeightAsync(ask, what, atLeast, cancellationToken)
            : answers[^1] is not null && Count(answers) == Quorum ? answers[^1]
            : throw Disagree(what, answers.Count, last);
    }

    /// <summary>Once more, of those nodes alone that have come as far as two have, and as they must.</summary>
    private async Task<T?> FindAtHeightAsync<T>(Func<JsonRpcClient, Task<T?>> ask, string what, long atLeast,
        CancellationToken cancellationToken)
        where T : class
    {
        var height = Math.Max(atLeast, await HeightAsync(cancellationToken));
        var (answers, last) = await EachNode.AskAsync(
            rpc,
            async node => await node.NumberAsync("eth_blockNumber", cancellationToken) >= height ? (IsThere: true, Answer: await ask(
                node)) : default,
            areNear: _ => false, doubt: doubt);
        var answered = answers.Where(answer => answer.IsThere).Select(answer => answer.Answer).ToList();
        return answered.Count >= Quorum && answered.TrueForAll(answer => answer is null) ? null : throw Disagree(what, answered.Count, last);
    }

    /// <returns>What two have come to, the highest first, and what the others have.</returns>
    private async Task<List<long>> ReachedAsync(Func<JsonRpcClient, Task<long>> ask, long apart)
    {
        var (numbers, last) = await EachNode.AskAsync(rpc, ask, areNear: found => found.Max() - found.Min() <= apart, doubt: doubt);
        return numbers.Count >= Quorum ? [.. numbers.OrderDescending().Skip(Quorum - 1).Distinct()] : throw last!;
    }

    private NodesDisagreeException Disagree(string what, int answered, ChainUnavailableException? last) => new(
        $"Two nodes of RPC_URL must say the same of {what}: {answered} of {rpc.Each.Count} answered.{(last is null ? "" : $" {last.Message}")}", last);

    /// <summary>How many say what the last one says.</summary>
    private static int Count<T>(List<T> answers) => answers.Count(answer => EqualityComparer<T>.Default.Equals(answer, answers[^1]));
}
