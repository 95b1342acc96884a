using System.Numerics;
using System.Text;
using System.Text.Json;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Abi;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;
using Nethereum.Hex.HexTypes;
using Nethereum.RPC.Eth.DTOs;

namespace CapOrleans.Chain;

/// <summary>The CapAuditStorageV2 contract on the chain.</summary>
public sealed class AnchorContract : IAnchorContract
{
    private const string LogAnchored = "LogAnchored";

    private readonly JsonRpcClient rpc;
    private readonly ChainOptions options;
    private readonly TimeProvider time;
    private readonly ChainAccount account;
    private readonly DeployedContract deployed;
    private readonly Receipts receipts;
    private readonly Agreement agreement;
    private readonly AuditRecords audits;

    public AnchorContract(JsonRpcClient rpc, ChainOptions options, TimeProvider time)
    {
        (this.rpc, this.options, this.time, receipts, agreement) = (rpc, options, time, new Receipts(rpc), new Agreement(rpc));
        account = new ChainAccount(rpc, options, time);
        deployed = new DeployedContract(rpc, options, account);
        audits = new AuditRecords(rpc, options, account, receipts, time);
    }

    public async Task<IReadOnlyList<ContractPosition>> ReadPositionsAsync(IReadOnlyList<string> logNames,
        ISentTransactions sent, CancellationToken cancellationToken)
    {
        var contract = await deployed.FindAsync(mayDeploy: true, sent, cancellationToken);
        return await agreement.AtNewestAsync(height => AnchoredAsync(contract, logNames, height, cancellationToken), cancellationToken);
    }

    private async Task<IReadOnlyList<ContractPosition>> AnchoredAsync(
        EthereumAddress contract, IReadOnlyList<string> logNames, long height, CancellationToken cancellationToken)
    {
        var newest = await receipts.FindBlockAsync(height, cancellationToken)
            ?? throw new ChainUnavailableException($"The chain node at {rpc.Name} did not return its newest block; check RPC_URL.");
        var positions = new List<ContractPosition>(logNames.Count);
        foreach (var logName in logNames)
        {
            var call = new CallInput(JsonRpcClient.Hex(CompiledContract.AuditStorage.Abi.Call("anchored", LogKey(logName))), contract.ToString());
            var word = await agreement.AskAsync(
                node => Web3Client.Create(node, cancellationToken).Eth.Transactions.Call.SendRequestAsync(call, new BlockParameter(new HexBigInteger(height))),
                $"contract {contract}");
            positions.Add(ContractAbi.ReadWord(word) is { } position
                ? new ContractPosition(options.ChainId, contract.ToString(), Clamp(position), height, newest.At, options.IsDevChain)
                : throw new ChainUnavailableException($"The contract at {contract} did not return the position of its " +
                    "last anchor; check CONTRACT_ADDRESS."));
        }

        return positions;
    }

    public async Task<AnchorConfirmation?> FindAsync(
        string logName, long from, BlockRange blocks, ISentTransactions sent, CancellationToken cancellationToken)
    {
        var contract = await deployed.FindAsync(mayDeploy: true, sent, cancellationToken);
        foreach (var hash in sent.All.SelectMany(transaction => transaction.Hashes))
        {
            if (await receipts.FindAsync(hash, cancellationToken) is { } receipt && Confirm(contract, logName, from, receipt) is { } confirmed)
            {
                return confirmed;
            }
        }

        // Any node may find the transaction, but only its receipt, on which the nodes must agree, shows what it did.
        // If they disagree, this fails instead of reporting that there is none.
        string[] topics = [CompiledContract.AuditStorage.Abi.Topic(LogAnchored), JsonRpcClient.Hex(LogKey(logName)), TopicOf(from)];
        return await EachNode.FindAsync(
            rpc,
            async (node, token) => await new EventSearch(node, contract, topics, time).NewestAsync(blocks, token) is { } hash
                && await receipts.AgreeAsync(hash, blocks.Last, token) is { } receipt ? Confirm(contract, logName, from, receipt) : null,
            cancellationToken);
    }

    public async Task<string?> BlockHashAsync(long block, CancellationToken cancellationToken) =>
        (await receipts.FindBlockAsync(block, cancellationToken))?.Hash;

    public async Task<AnchorStatus> ReadStatusAsync(long block, string blockHash, CancellationToken cancellationToken)
    {
        var newest = await receipts.HeightAsync(cancellationToken);
        if (newest < block && !options.IsDevChain)
        {
            // A node that lags proves nothing about a block that it has not reached.
            return new AnchorStatus(AnchorDepth.Included, default);
        }

        var found = await receipts.FindBlockAsync(block, cancellationToken);
        if (found is null && !options.IsDevChain)
        {
            // Undecided: two nodes have reached this height, and a chain has a block at every height.
            return new AnchorStatus(AnchorDepth.Included, default);
        }

        return found?.Hash != blockHash
            ? new AnchorStatus(AnchorDepth.Reorganised, default)
            : new AnchorStatus(newest - block + 1 >= options.Confirmations ? AnchorDepth.Final : AnchorDepth.Included, found!.At);
    }

    public async Task<IReadOnlyList<AnchorConfirmation>> AnchorAsync(IReadOnlyList<AnchorBatch> batches, ISentTransactions sent, CancellationToken cancellationToken)
    {
        var contract = await deployed.FindAsync(mayDeploy: true, sent, cancellationToken);
        IReadOnlyList<Receipt> receipts;
        try
        {
            // A later batch succeeds only once those before it are in blocks, so its gas is estimated as if it started
            // where the first does.
            receipts = await account.SendAsync(contract, [.. batches.Select(batch => new ContractCall(Encode(batch), Encode(batch with { From = batches[0].From })))], sent, cancellationToken);
        }
        catch (RpcErrorException fault) when (ContractRefusals.Explain(CompiledContract.AuditStorage, fault, options.Writer.Address) is { } meaning)
        {
            throw new ChainUnavailableException(meaning, fault);
        }

        return [.. receipts.Zip(batches, (receipt, batch) => Confirm(contract, batch.LogName, batch.From, receipt)
            ?? throw new ChainUnavailableException($"The transaction to {contract} succeeded but emitted no event: " +
                "there is a different contract at that address, or none; check CONTRACT_ADDRESS."))];
    }

    public async Task<AnchorConfirmation> StoreAuditAsync(ChainAudit audit, ISentTransactions sent, CancellationToken cancellationToken) =>
        await audits.StoreAsync(await deployed.FindAsync(mayDeploy: true, sent, cancellationToken), audit, sent, cancellationToken);

    private AnchorConfirmation? Confirm(EthereumAddress contract, string logName, long from, Receipt receipt)
    {
        string[] topics = [CompiledContract.AuditStorage.Abi.Topic(LogAnchored), JsonRpcClient.Hex(LogKey(logName)), TopicOf(from)];
        return receipt.IsReverted ? null : rpc.Read(receipt.Logs, logs => logs.EnumerateArray()
            .Where(log => EthereumAddress.TryParseAnyCase(log.GetProperty("address").GetString(), out var emitter) && emitter == contract
                && log.GetProperty("topics").EnumerateArray().Select(topic => topic.GetString()).SequenceEqual(topics))
            .Select(log => Confirm(contract, from, log, receipt)).FirstOrDefault());
    }

    private AnchorConfirmation Confirm(EthereumAddress contract, long from, JsonElement log, Receipt receipt)
    {
        var anchored = CompiledContract.AuditStorage.Abi.ReadEvent(LogAnchored, log);
        return new AnchorConfirmation(
            options.ChainId, contract.ToString(), receipt.Transaction, receipt.Block,
            from, Clamp((BigInteger)anchored["to"]), (byte[])anchored["root"], Clamp((BigInteger)anchored["size"]), receipt.BlockHash, receipt.GasUsed);
    }

    private static byte[] LogKey(string logName) => Keccak256.Hash(Encoding.UTF8.GetBytes(logName));

    private static string TopicOf(long number) => $"0x{number:x64}";

    private static byte[] Encode(AnchorBatch batch) => CompiledContract.AuditStorage.Abi.Call(
        "anchorBatch", LogKey(batch.LogName), batch.From, batch.To, batch.Root, batch.Size,
        batch.Incidents.Select(incident => new object[]
        {
            incident.IncidentKey, incident.CapKey, incident.AuditHash, incident.Index, incident.SeverityRank, Scaled(incident.DeltaCap),
        }).ToArray(),
        batch.Records.Select(record => new object[]
        {
            record.IncidentId, record.CapId, record.Agent, record.Severity, record.RecordHash, record.Cid, Scaled(record.DeltaCap),
        }).ToArray());

    /// <summary>Scales by 10^18, as the contract stores it.</summary>
    private static BigInteger Scaled(decimal deltaCap) => new(deltaCap * 1_000_000_000_000_000_000m);

    /// <summary>Clamps to 2^53, which no log reaches: another writer may have stored any number.</summary>
    private static long Clamp(BigInteger value) => (long)BigInteger.Min(value, 1L << 53);
}
