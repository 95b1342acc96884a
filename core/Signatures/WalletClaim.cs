using System.Buffers;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Signatures;

/// <summary>
/// A signature that proves no key, but that a contract wallet may accept (EIP-1271). Only the contract can decide, so
/// it is a claim until the wallet was asked. The meaning of its bytes is the wallet's; under <c>full-v2</c> only.
/// </summary>
public sealed record WalletClaim(EthereumAddress Wallet, byte[] Signature)
{
    /// <summary>Maximum length of a signature in bytes: enough for the owners of a shared wallet.</summary>
    public const int MaxBytes = 2048;

    /// <summary>
    /// Concurrent questions to wallets per silo; the others wait, and the addresses that sent them take turns.
    /// </summary>
    public const int MaxConcurrent = 16;

    /// <summary>
    /// In addition, questions of addresses from which the wallet has accepted no signature recently: how many
    /// are concurrent, per second, and waiting. Anyone can cause them, and each is a call to the chain's nodes,
    /// which anchoring needs as well.
    /// </summary>
    public const int MaxConcurrentStrangers = 4, StrangersPerSecond = 10, StrangersWaiting = 4096;

    /// <summary>
    /// In addition, concurrent questions to wallets that timed out recently: they take no slot of the others.
    /// </summary>
    public const int MaxConcurrentSlow = 16;

    /// <summary>
    /// Maximum number of waiting questions, in all (or for one slow wallet) and for one address;
    /// beyond it, a caller must retry.
    /// </summary>
    public const int MaxWaiting = 256, MaxWaitingPerCaller = 8;

    /// <summary>The last 32 bytes of a signature that states how its wallet would be deployed (ERC-6492).</summary>
    private static readonly byte[] Undeployed = [.. Enumerable.Repeat<byte[]>([0x64, 0x92], 16).SelectMany(pair => pair)];

    /// <summary>Whether the signature is for a wallet that is not on chain yet, and cannot be asked.</summary>
    public bool IsUndeployed => Signature.AsSpan().EndsWith(Undeployed);

    /// <returns>Null when the report makes no such claim.</returns>
    public static WalletClaim? Of(IncidentReport report)
    {
        if (report.Scheme != FullV2.Scheme || report.Signature is not { Length: > 2 and <= 2 + (2 * MaxBytes) } text || text.Length % 2 != 0
            || !text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) || !EthereumAddress.TryParseAnyCase(report.SignerClaimed, out var wallet))
        {
            return null;
        }

        var signature = new byte[(text.Length - 2) / 2];
        return Convert.FromHexString(text.AsSpan(2), signature, out _, out _) == OperationStatus.Done ? new WalletClaim(wallet, signature) : null;
    }
}

/// <summary>Asks contract wallets whether they accept a signature.</summary>
public interface IContractWallets
{
    /// <param name="hash">The 32 bytes that were signed.</param>
    /// <param name="caller">The address that sent the claim, whose turn it must be; empty when unknown.</param>
    /// <returns>The block at which the wallet accepted the signature; null when it did not.</returns>
    /// <exception cref="Anchors.ChainUnavailableException">The wallet was not asked, or did
    /// not answer in time.</exception>
    Task<ChainBlock?> FindBlockAsync(WalletClaim claim, byte[] hash, string caller, CancellationToken cancellationToken);
}
