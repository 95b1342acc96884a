using System.Numerics;
using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;
using Nethereum.Hex.HexTypes;
using Nethereum.RPC.Eth.DTOs;

namespace CapOrleans.Chain;

/// <summary>
/// Stores audit records, each once: the contract is asked for a record before it is sent, so no local state is needed.
/// Test: <c>A_crash_between_any_two_steps_exports_once</c>.
/// </summary>
internal sealed class AuditRecords(JsonRpcClient rpc, ChainOptions options, ChainAccount account, Receipts receipts, TimeProvider time)
{
    private const string AuditStored = "AuditStored";

    private readonly Agreement agreement = new(rpc);

    public async Task<AnchorConfirmation> StoreAsync(EthereumAddress contract, ChainAudit audit, ISentTransactions sent, CancellationToken cancellationToken)
    {
        if (await IsStoredAsync(contract, audit, cancellationToken))
        {
            return await FindAsync(contract, audit, sent, cancellationToken);
        }

        try
        {
            var receipt = await account.SendAsync(contract, CompiledContract.AuditStorage.Abi.Call("storeAudit", audit.Id, audit.Hash, audit.Cid), sent, cancellationToken);
            return Confirm(contract, audit, receipt)
                ?? throw new ChainUnavailableException($"The transaction to {contract} succeeded but emitted no " +
                    "event: there is a different contract at that address, or none; check CONTRACT_ADDRESS.");
        }
        catch (RpcErrorException fault) when (CompiledContract.AuditStorage.Abi.ReadError(fault.Data)?.Name == "AlreadyStored")
        {
            return await FindAsync(contract, audit, sent, cancellationToken); // sent before a crash, and in a block since
        }
        catch (RpcErrorException fault) when (ContractRefusals.Explain(CompiledContract.AuditStorage, fault, options.Writer.Address) is { } meaning)
        {
            throw new ChainUnavailableException(meaning, fault);
        }
    }

    private async Task<bool> IsStoredAsync(EthereumAddress contract, ChainAudit audit, CancellationToken cancellationToken)
    {
        var call = new CallInput(JsonRpcClient.Hex(CompiledContract.AuditStorage.Abi.Call("audits", audit.Id)), contract.ToString());
        var answer = await agreement.AtNewestAsync(
            height => agreement.AskAsync(
                node => Web3Client.Create(node, cancellationToken).Eth.Transactions.Call.SendRequestAsync(call, new BlockParameter(new HexBigInteger(height))),
                $"contract {contract}"),
            cancellationToken);
        var stored = CompiledContract.AuditStorage.Abi.ReadAnswer("audits", answer)
            ?? throw new ChainUnavailableException($"The contract at {contract} did not return whether it has the " +
                "record; check CONTRACT_ADDRESS.");
        return (BigInteger)stored["timestamp"] == 0 ? false
            : ((byte[])stored["auditHash"]).AsSpan().SequenceEqual(audit.Hash) ? true
            : throw new ChainUnavailableException($"The contract at {contract} already has a different record with id " +
                $"{audit.Id}: another writer uses the same id.");
    }

    /// <summary>Finds the transaction of a record that the contract has.</summary>
    private async Task<AnchorConfirmation> FindAsync(EthereumAddress contract, ChainAudit audit, ISentTransactions sent, CancellationToken cancellationToken)
    {
        foreach (var hash in sent.All.SelectMany(transaction => transaction.Hashes))
        {
            if (await receipts.FindAsync(hash, cancellationToken) is { } receipt && Confirm(contract, audit, receipt) is { } confirmed)
            {
                return confirmed;
            }
        }

        // Any node may find the transaction, but only its receipt, on which the nodes must agree, shows what it did.
        var newest = await receipts.HeightAsync(cancellationToken);
        string[] topics = [CompiledContract.AuditStorage.Abi.Topic(AuditStored)];
        var found = await EachNode.FindAsync(
            rpc,
            async (node, token) =>
            {
                var search = new EventSearch(node, contract, topics, time) { IsWanted = log => IsOf(audit, log) };
                return await search.NewestAsync(new BlockRange(0, newest), token) is { } hash && await receipts.FindAsync(hash, token) is { } receipt
                    ? Confirm(contract, audit, receipt) : null;
            },
            cancellationToken);
        return found ?? throw new ChainUnavailableException(
            $"The contract at {contract} has record {audit.Id}, but no node returned its event; the search is retried.");
    }

    private AnchorConfirmation? Confirm(EthereumAddress contract, ChainAudit audit, Receipt receipt) => receipt.IsReverted ? null : rpc.Read(receipt.Logs, logs => logs.EnumerateArray()
        .Any(log => EthereumAddress.TryParse(log.GetProperty("address").GetString(), out var emitter) && emitter == contract
            && log.GetProperty("topics")[0].GetString() == CompiledContract.AuditStorage.Abi.Topic(AuditStored) && IsOf(audit, log))
        ? new AnchorConfirmation(options.ChainId, $"{contract}", receipt.Transaction, receipt.Block, 0, 0, [], 0, receipt.BlockHash, receipt.GasUsed)
        : null);

    /// <summary>Whether this event is the record's: its 32-byte hash is in no other record's event.</summary>
    private static bool IsOf(ChainAudit audit, JsonElement log) =>
        log.GetProperty("data").GetString()?.Contains(Convert.ToHexStringLower(audit.Hash), StringComparison.OrdinalIgnoreCase) == true;
}
