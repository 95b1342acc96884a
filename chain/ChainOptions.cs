using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain;

/// <param name="RpcUrl">The node.</param>
/// <param name="ChainId">The node must have this chain id.</param>
/// <param name="Writer">Pays and signs; must be a writer of the contract.</param>
/// <param name="Contract">Null on the dev chain only: the contract is deployed as the writer's first transaction.</param>
/// <param name="IsDevChain">The writer may be given money by the node.</param>
public sealed record ChainOptions(Uri RpcUrl, long ChainId, PrivateKey Writer, EthereumAddress? Contract, bool IsDevChain)
{
    /// <summary>No transaction is signed that may cost more per gas, in gwei. Default 500; 1 to 1,000,000.</summary>
    public int MaxFeeGwei { get; init; } = 500;

    /// <summary>Of the dev chain: holds the token with which the writer may be given money; null where none is needed.</summary>
    public string? DevTokenFile { get; init; }

    /// <summary>How often a transaction's receipt is asked for. 100 ms.</summary>
    public static readonly TimeSpan ReceiptPoll = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a transaction may stay without a receipt before the contract is asked again. 1 minute.</summary>
    public static readonly TimeSpan ReceiptPatience = TimeSpan.FromMinutes(1);
}
