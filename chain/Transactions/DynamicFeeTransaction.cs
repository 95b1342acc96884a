using System.Numerics;
using CapOrleans.Chain.Rlp;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain.Transactions;

/// <summary>A type 2 transaction (EIP-1559) that carries no value.</summary>
/// <param name="MaxPriorityFee">Wei per gas.</param>
/// <param name="MaxFee">Wei per gas.</param>
/// <param name="To">Null to create a contract.</param>
public sealed record DynamicFeeTransaction(
    long ChainId, long Nonce, BigInteger MaxPriorityFee, BigInteger MaxFee, long GasLimit, EthereumAddress? To, byte[] Data)
{
    /// <summary>Wei to send along; this system sends none.</summary>
    public BigInteger Value { get; init; }

    /// <returns>Raw bytes for <c>eth_sendRawTransaction</c>, and the transaction's hash.</returns>
    public (byte[] Raw, byte[] Hash) Sign(PrivateKey key)
    {
        var fields = Fields();
        var signature = key.Sign(Keccak256.Hash(Envelope(fields)));
        // r and s are integers here, so they lose leading zeros; y parity 0 is the empty string.
        var raw = Envelope([
            .. fields, RlpItem.Number(signature.RecoveryId), RlpItem.Number(signature.R), RlpItem.Number(signature.S)]);
        return (raw, Keccak256.Hash(raw));
    }

    private static byte[] Envelope(IReadOnlyList<RlpItem> fields) => [0x02, .. RlpItem.List(fields).Encode()];

    private RlpItem[] Fields() =>
    [
        RlpItem.Number(ChainId), RlpItem.Number(Nonce), RlpItem.Number(MaxPriorityFee), RlpItem.Number(MaxFee),
        RlpItem.Number(GasLimit), RlpItem.Bytes(To is { } address ? address.ToArray() : []), RlpItem.Number(Value),
        RlpItem.Bytes(Data), RlpItem.List(),
    ];
}
