using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum.Contract;

/// <summary>Explains the errors that our contracts revert with.</summary>
internal static class ContractRefusals
{
    /// <returns>A message for an operator; null when it is no error of this contract.</returns>
    public static string? Explain(CompiledContract contract, RpcErrorException fault, EthereumAddress writer) => contract.Abi.ReadError(fault.Data) switch
    {
        null => null,
        { Name: "AlreadyStored" } => "A record with this id is already on the chain and cannot be replaced.",
        { Name: "NotWriter" } when contract == CompiledContract.CapNft =>
            $"{writer} is not the writer of the CapNFT contract: its owner must set it with setWriter, or CAP_NFT_ADDRESS is wrong.",
        { Name: "NotWriter" } => $"{writer} is not a writer of the contract: its owner must add it with setWriter.",
        { Name: "NotLogWriter" } =>
            $"This log belongs to a writer other than {writer} in the contract: that writer, or the contract's owner, " +
                "must hand it over with giveLog.",
        { Name: "Gap", Arguments: [var expected, var given] } =>
            $"The contract expects the next batch of this log to start at {expected}, but got one that starts at {given}.",
        { Name: "OtherRoot" } => "The contract has a different root for this log at the same size: the log was " +
            "altered, or another log uses its name.",
        { Name: "NotOwner" } => $"{writer} is not the contract's owner.",
        { Name: "EmptyId" } => "The record has no id.",
        var error => $"The contract refused the call with {error.Name}({string.Join(", ", error.Arguments)}).",
    };
}
