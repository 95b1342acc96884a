using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Ethereum.Contract;

/// <param name="Transaction">Transaction hash, in hex with 0x.</param>
public sealed record StoredRecord(EthereumAddress Contract, string Transaction, long Block);

/// <summary>The contract refused the record, and would again: it exists already, or the key may not write.</summary>
public sealed class RecordRefusedException(string message) : Exception(message);

/// <summary>
/// Stores single records in CapAuditStorageV2, as the legacy scripts did: without a cluster and without a log.
/// </summary>
public sealed class RecordContract
{
    private readonly JsonRpcClient rpc;
    private readonly ChainOptions options;
    private readonly ChainAccount account;
    private readonly DeployedContract deployed;

    public RecordContract(JsonRpcClient rpc, ChainOptions options, TimeProvider time)
    {
        (this.rpc, this.options) = (rpc, options);
        account = new ChainAccount(rpc, options, time);
        deployed = new DeployedContract(rpc, options, account);
    }

    /// <param name="ipfs">A CID, or <c>N/A</c>.</param>
    /// <exception cref="RecordRefusedException" />
    /// <exception cref="ChainUnavailableException" />
    public Task<StoredRecord> StoreAuditAsync(string id, byte[] auditHash, string ipfs, CancellationToken cancellationToken) =>
        StoreAsync(CompiledContract.AuditStorage.Abi.Call("storeAudit", id, auditHash, ipfs), "AuditStored", cancellationToken);

    /// <exception cref="RecordRefusedException" />
    /// <exception cref="ChainUnavailableException" />
    public Task<StoredRecord> StoreIncidentAsync(
        string incidentId, string capId, string agent, string severity, byte[] recordHash, string ipfs, CancellationToken cancellationToken) =>
        StoreAsync(
            CompiledContract.AuditStorage.Abi.Call("storeIncident", incidentId, capId, agent, severity, recordHash, ipfs), "IncidentStored", cancellationToken);

    private async Task<StoredRecord> StoreAsync(byte[] call, string confirmation, CancellationToken cancellationToken)
    {
        var sent = new InMemorySentTransactions();
        var contract = await deployed.FindAsync(mayDeploy: false, sent, cancellationToken);
        Receipt receipt;
        try
        {
            receipt = await account.SendAsync(contract, call, sent, cancellationToken);
        }
        catch (RpcErrorException fault) when (ContractRefusals.Explain(CompiledContract.AuditStorage, fault, options.Writer.Address) is { } meaning)
        {
            throw new RecordRefusedException(meaning);
        }

        // A transaction to another contract, or to none, may succeed without doing anything: only the event counts.
        var topic = CompiledContract.AuditStorage.Abi.Topic(confirmation);
        return rpc.Read(receipt.Logs, logs => logs.EnumerateArray().Any(log =>
                EthereumAddress.TryParseAnyCase(log.GetProperty("address").GetString(), out var emitter) && emitter == contract && log.GetProperty("topics")[0].GetString() == topic)
            ? new StoredRecord(contract, receipt.Transaction, receipt.Block)
            : throw new ChainUnavailableException($"The transaction to {contract} succeeded but emitted no event: " +
                "there is a different contract at that address, or none; check CONTRACT_ADDRESS."));
    }
}
