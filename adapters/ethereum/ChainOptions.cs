using CapOrleans.Core.Signatures;

namespace CapOrleans.Ethereum;

/// <param name="ChainId">The nodes must have this chain id.</param>
/// <param name="Writer">Pays and signs; must be a writer of the contract.</param>
/// <param name="Contract">Null on the dev chain only: the contract is deployed as the writer's first transaction.</param>
/// <param name="IsDevChain">The writer may be given money by the node.</param>
public sealed record ChainOptions(long ChainId, PrivateKey Writer, EthereumAddress? Contract, bool IsDevChain)
{
    /// <summary>More gas has no transaction since Ethereum's Fusaka upgrade (EIP-7825): 2^24.</summary>
    public const long MaxGasPerTransaction = 16_777_216;

    /// <summary>No transaction is signed that may cost more per gas, in gwei. Default 500; 1 to 1,000,000.</summary>
    public int MaxFeeGwei { get; init; } = 500;

    /// <summary>Blocks that a transaction must be deep in the chain, its own block included. 1 on the dev chain, else 12; 1 to 1000.</summary>
    public int Confirmations { get; init; } = DefaultConfirmations(IsDevChain);

    public static int DefaultConfirmations(bool isDevChain) => isDevChain ? 1 : 12;

    /// <summary>How often a transaction's receipt is asked for. 100 ms on the dev chain, else 2 seconds.</summary>
    public TimeSpan PollInterval { get; init; } = IsDevChain ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromSeconds(2);

    /// <summary>How long a transaction may wait for a block before the same is sent with a higher fee. 30 seconds.</summary>
    public TimeSpan BumpInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one is waited for before the next caller has its turn; what was sent is kept. 5 minutes.</summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromMinutes(5);
}
