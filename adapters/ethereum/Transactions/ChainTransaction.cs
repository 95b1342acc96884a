using System.Numerics;
using CapOrleans.Core.Signatures;
using Nethereum.Model;

namespace CapOrleans.Ethereum.Transactions;

/// <summary>What a transaction pays, in wei per gas.</summary>
/// <param name="Tip">
/// Paid to the block's proposer; null on a chain without a base fee (before EIP-1559), where <paramref name="Cap"/> is
/// the price.
/// </param>
/// <param name="Cap">Most that is paid, tip included.</param>
public readonly record struct GasPrice(long? Tip, long Cap);

/// <param name="Raw">Bytes for <c>eth_sendRawTransaction</c>.</param>
/// <param name="Hash">In hex with 0x.</param>
public sealed record SignedTransaction(byte[] Raw, string Hash);

/// <summary>
/// A transaction without an access list: of type 2 (EIP-1559), or a legacy one with the chain id in its signature
/// (EIP-155).
/// </summary>
/// <param name="To">Null to create a contract.</param>
/// <param name="Value">Wei.</param>
public sealed record ChainTransaction(
    long ChainId, long Nonce, GasPrice Price, long GasLimit, EthereumAddress? To, byte[] Data, BigInteger Value = default)
{
    private const int ReplayOffset = 35;

    public SignedTransaction Sign(PrivateKey key)
    {
        var (to, data) = (To?.ToString() ?? "", $"0x{Convert.ToHexStringLower(Data)}");
        byte[] raw;
        if (Price.Tip is { } tip)
        {
            var transaction = new Transaction1559(ChainId, Nonce, tip, Price.Cap, GasLimit, to, Value, data, null);
            var signature = key.Sign(Keccak256.Hash(transaction.GetRLPEncodedRaw()));
            transaction.SetSignature(new Signature(Trimmed(signature.R), Trimmed(signature.S), signature.RecoveryId == 0 ? [] : [1]));
            raw = transaction.GetRLPEncoded();
        }
        else
        {
            var transaction = new LegacyTransactionChainId(to, Value, Nonce, Price.Cap, GasLimit, data, ChainId);
            var signature = key.Sign(Keccak256.Hash(transaction.GetRLPEncodedRaw()));
            var v = new BigInteger(ReplayOffset + signature.RecoveryId) + (2 * new BigInteger(ChainId));
            transaction.SetSignature(new Signature(Trimmed(signature.R), Trimmed(signature.S), v.ToByteArray(isUnsigned: true, isBigEndian: true)));
            raw = transaction.GetRLPEncoded();
        }

        return new SignedTransaction(raw, $"0x{Convert.ToHexStringLower(Keccak256.Hash(raw))}");
    }

    /// <summary>Removes leading zeros: r and s are integers in a transaction.</summary>
    private static byte[] Trimmed(ReadOnlySpan<byte> value) => value.TrimStart((byte)0).ToArray();
}
