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
        { Name: "AlreadyStored" } => "A record with this id is on chain already; it is never replaced.",
        { Name: "NotWriter" } when contract == CompiledContract.CapNft =>
            $"{writer} is not the writer of the CapNFT contract: its owner names it with setWriter, or CAP_NFT_ADDRESS is another's.",
        { Name: "NotWriter" } => $"{writer} is no writer of the contract: its owner adds one with setWriter.",
        { Name: "NotLogWriter" } =>
            $"The contract keeps this log for another writer than {writer}: that writer or the contract's owner gives it with giveLog.",
        { Name: "Gap", Arguments: [var expected, var given] } =>
            $"The contract expects the next batch of this log to start at {expected}, and was given one from {given}.",
        { Name: "OtherRoot" } => "The contract has another root for this log at the same size: the log was changed, or another has its name.",
        { Name: "NotOwner" } => $"{writer} is not the contract's owner.",
        { Name: "EmptyId" } => "The record has no id.",
        var error => $"The contract refused: {error.Name}({string.Join(", ", error.Arguments)}).",
    };
}
