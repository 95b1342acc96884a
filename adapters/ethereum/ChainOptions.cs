using CapOrleans.Core.Signatures;

namespace CapOrleans.Ethereum;

/// <param name="ChainId">The nodes must have this chain id.</param>
/// <param name="Writer">Pays and signs; must be a writer of the contract.</param>
/// <param name="Contract">Null on the dev chain only: the contract is deployed as the writer's first transaction.</param>
/// <param name="IsDevChain">Whether this is the dev chain, whose node can fund the writer.</param>
public sealed record ChainOptions(long ChainId, PrivateKey Writer, EthereumAddress? Contract, bool IsDevChain)
{
    /// <summary>Gas limit of one transaction since Ethereum's Fusaka upgrade (EIP-7825): 2^24.</summary>
    public const long MaxGasPerTransaction = 16_777_216;

    /// <summary>Highest price per gas of a transaction that is signed, in gwei. Default 500; 1 to 1,000,000.</summary>
    public int MaxFeeGwei { get; init; } = 500;

    /// <summary>
    /// Confirmations that a transaction needs, its own block included. 1 on the dev chain, else 12; 1 to 1000.
    /// </summary>
    public int Confirmations { get; init; } = DefaultConfirmations(IsDevChain);

    public static int DefaultConfirmations(bool isDevChain) => isDevChain ? 1 : 12;

    /// <summary>Interval at which receipts are polled. 100 ms on the dev chain, else 2 seconds.</summary>
    public TimeSpan PollInterval { get; init; } = IsDevChain ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a transaction may wait for a block before it is sent again with a higher fee. 30 seconds.
    /// </summary>
    public TimeSpan BumpInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long to wait for a transaction before the next caller gets its turn; what was sent is kept. 5 minutes.
    /// </summary>
    public TimeSpan WaitTimeout { get; init; } = TimeSpan.FromMinutes(5);
}
