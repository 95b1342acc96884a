using System.Globalization;
using System.Numerics;
using CapOrleans.Chain.Abi;
using CapOrleans.Chain.Rpc;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain.Contract;

/// <summary>What the errors mean that CapAuditStorageV2 reverts with.</summary>
internal static class ContractRefusals
{
    private const int SelectorLength = 10; // 0x and four bytes in hex

    private const int WordLength = 64;

    /// <returns>For an operator; null when it is no error of this contract.</returns>
    public static string? Explain(RpcErrorException fault, EthereumAddress writer)
    {
        if (fault.Answer is not { Length: >= SelectorLength } answer)
        {
            return null;
        }

        var selector = answer[..SelectorLength];
        return selector == Selector("AlreadyStored(string)") ? "A record with this id is on chain already; it is never replaced."
            : selector == Selector("NotWriter(address)") ? $"{writer} is no writer of the contract: its owner adds one with setWriter."
            : selector == Selector("NotLogWriter(bytes32,address)") ?
                $"The contract keeps this log for another writer than {writer}: that writer or the contract's owner gives it with giveLog."
            : selector == Selector("Gap(uint64,uint64)") ?
                $"The contract goes on with this log at {Word(answer, 0)}, and was given a batch from {Word(answer, 1)}."
            : selector == Selector("EmptyId()") ? "The record has no id."
            : null;
    }

    private static string Selector(string error) => JsonRpcClient.Hex(AbiValue.Call(error).AsSpan(0, 4));

    private static string Word(string answer, int number)
    {
        var start = SelectorLength + (number * WordLength);
        return answer.Length >= start + WordLength
            && BigInteger.TryParse(
                $"0{answer.AsSpan(start, WordLength)}", NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? $"{value}" : "?";
    }
}
