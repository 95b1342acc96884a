using System.Buffers;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Signatures;

/// <summary>
/// A signature that is nobody's key, and may be what a contract wallet takes for one (EIP-1271): only the contract can say, so it is a
/// claim until it was asked. The bytes mean what the wallet wants them to; under <c>full-v2</c> only.
/// </summary>
public sealed record WalletClaim(EthereumAddress Wallet, byte[] Signature)
{
    /// <summary>Bytes of a signature: room for the owners of a shared wallet.</summary>
    public const int MaxBytes = 2048;

    /// <summary>Questions to wallets that one silo has under way; the others wait, and the addresses that sent them take turns.</summary>
    public const int AtOnce = 16;

    /// <summary>
    /// Beside these, questions of addresses from which the wallet took no signature lately: so many under way, so many in a second, and so
    /// many wait. Anybody can have them asked, and each is a call of the chain's nodes, which anchoring needs as well.
    /// </summary>
    public const int StrangersAtOnce = 4, StrangersPerSecond = 10, StrangersWaiting = 4096;

    /// <summary>Beside these, questions to wallets that did not answer in time lately: they take no place of the others.</summary>
    public const int SlowAtOnce = 16;

    /// <summary>
    /// Of those that wait, in all (or for one slow wallet) and for one address; whoever comes with one more sends it again.
    /// </summary>
    public const int Waiting = 256, WaitingPerCaller = 8;

    /// <summary>The last 32 bytes of a signature that says how its wallet would be deployed (ERC-6492).</summary>
    private static readonly byte[] Undeployed = [.. Enumerable.Repeat<byte[]>([0x64, 0x92], 16).SelectMany(pair => pair)];

    /// <summary>The signature is meant for a wallet that is not on chain yet, which cannot be asked.</summary>
    public bool IsUndeployed => Signature.AsSpan().EndsWith(Undeployed);

    /// <returns>Null when the report claims no such thing.</returns>
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

/// <summary>Asks contract wallets.</summary>
public interface IContractWallets
{
    /// <param name="hash">The 32 bytes that were signed.</param>
    /// <param name="caller">Whose turn it must be: the address that sent the claim; empty where nobody knows.</param>
    /// <returns>The block at which the wallet took the signature; null when it did not.</returns>
    /// <exception cref="Anchors.ChainUnavailableException">The chain was not asked, or did not answer in time.</exception>
    Task<ChainBlock?> FindBlockAsync(WalletClaim claim, byte[] hash, string caller, CancellationToken cancellationToken);
}
