using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Chain.Abi;
using CapOrleans.Chain.Rlp;
using CapOrleans.Chain.Rpc;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain.Contract;

/// <summary>CapAuditStorageV2 on the chain behind <see cref="ChainOptions.RpcUrl"/>.</summary>
/// <remarks>
/// Chain id and code are looked at before every use: a node that was restarted without its state has the same chain id and
/// no contract, and a transaction to an address without code succeeds and does nothing. On the dev chain the contract is the
/// writer's first transaction, so its address follows from the writer's, and nothing needs to be remembered.
/// </remarks>
public sealed class AnchorContract(JsonRpcClient rpc, ChainOptions options, TimeProvider time) : IAnchorContract
{
    private const string AnchorBatchSignature =
        "anchorBatch(bytes32,uint64,uint64,bytes32,uint64,(bytes32,bytes32,bytes32,uint64,uint8,int256)[],(string,string,string,string,bytes32,string,int256)[])";

    private static readonly byte[] LogAnchoredTopic = Keccak256.Hash("LogAnchored(bytes32,uint64,uint64,bytes32,uint64)"u8);

    private readonly ChainAccount account = new(rpc, options, time);

    public async Task<long> AnchoredAsync(string origin, CancellationToken cancellationToken)
    {
        var contract = await FindContractAsync(cancellationToken);
        var call = AbiValue.Call("anchored(bytes32)", AbiValue.Bytes32(LogKey(origin)));
        var word = await rpc.DataAsync(
            "eth_call", cancellationToken,
            new JsonObject { ["to"] = contract.ToString(), ["data"] = JsonRpcClient.Hex(call) }, "latest");
        return word.Length == 32 && new BigInteger(word, isUnsigned: true, isBigEndian: true) is var anchored && anchored <= long.MaxValue
            ? (long)anchored
            : throw new ChainUnavailableException($"The contract at {contract} does not say how far it has come; see CONTRACT_ADDRESS.");
    }

    public async Task<AnchorConfirmation?> FindAsync(string origin, long from, CancellationToken cancellationToken)
    {
        var contract = await FindContractAsync(cancellationToken);
        var filter = new JsonObject
        {
            ["address"] = contract.ToString(),
            ["fromBlock"] = "0x0",
            ["toBlock"] = "latest",
            ["topics"] = new JsonArray(
                JsonRpcClient.Hex(LogAnchoredTopic), JsonRpcClient.Hex(LogKey(origin)), JsonRpcClient.Hex(AbiValue.Number(from).Encode())),
        };
        var logs = await rpc.CallAsync("eth_getLogs", cancellationToken, filter);
        return rpc.Read(logs, found => found.GetArrayLength() == 0 ? null : Confirm(contract, from, found[found.GetArrayLength() - 1]));
    }

    public async Task<AnchorConfirmation> AnchorAsync(AnchorBatch batch, CancellationToken cancellationToken)
    {
        var contract = await FindContractAsync(cancellationToken);
        var receipt = await account.SendAsync(contract, Encode(batch), cancellationToken);
        return rpc.Read(receipt, sent => sent.GetProperty("logs").EnumerateArray().Where(log => IsAnchored(contract, log)).Select(log => Confirm(contract, batch.From, log)).FirstOrDefault())
            ?? throw new ChainUnavailableException($"The transaction to {contract} succeeded without its event: there is another contract, or none.");
    }

    private static bool IsAnchored(EthereumAddress contract, JsonElement log) =>
        EthereumAddress.TryParse(log.GetProperty("address").GetString(), out var emitter) && emitter == contract
        && log.GetProperty("topics")[0].GetString() == JsonRpcClient.Hex(LogAnchoredTopic);

    private static byte[] LogKey(string origin) => Keccak256.Hash(Encoding.UTF8.GetBytes(origin));

    private static byte[] Encode(AnchorBatch batch) => AbiValue.Call(
        AnchorBatchSignature,
        AbiValue.Bytes32(LogKey(batch.Origin)), AbiValue.Number(batch.From), AbiValue.Number(batch.To),
        AbiValue.Bytes32(batch.Root), AbiValue.Number(batch.Size),
        AbiValue.Array(batch.Incidents.Select(incident => AbiValue.Tuple(
            AbiValue.Bytes32(incident.IncidentKey), AbiValue.Bytes32(incident.CapKey), AbiValue.Bytes32(incident.AuditHash),
            AbiValue.Number(incident.Index), AbiValue.Number(incident.SeverityRank), Scaled(incident.DeltaCap)))),
        AbiValue.Array(batch.Records.Select(record => AbiValue.Tuple(
            AbiValue.Text(record.IncidentId), AbiValue.Text(record.CapId), AbiValue.Text(record.Agent), AbiValue.Text(record.Severity),
            AbiValue.Bytes32(record.RecordHash), AbiValue.Text(record.Cid), Scaled(record.DeltaCap)))));

    private static AbiValue Scaled(decimal deltaCap) => AbiValue.Number(new BigInteger(deltaCap * 1_000_000_000_000_000_000m));

    private AnchorConfirmation Confirm(EthereumAddress contract, long from, JsonElement log) => new(
        options.ChainId, contract.ToString(), log.GetProperty("transactionHash").GetString()!,
        (long)JsonRpcClient.Quantity(log.GetProperty("blockNumber")), from,
        (long)new BigInteger(Convert.FromHexString(log.GetProperty("data").GetString().AsSpan(2, 64)), isUnsigned: true, isBigEndian: true));

    private async Task<EthereumAddress> FindContractAsync(CancellationToken cancellationToken)
    {
        var chainId = await rpc.QuantityAsync("eth_chainId", cancellationToken);
        if (chainId != options.ChainId)
        {
            throw new ChainUnavailableException($"The node is on chain {chainId}, CHAIN_ID says {options.ChainId}.");
        }

        var contract = options.Contract ?? FirstContractOf(options.Writer.Address);
        var code = await rpc.DataAsync("eth_getCode", cancellationToken, contract.ToString(), "latest");
        if (code.Length > 0 && (options.Contract is not null || code.AsSpan().SequenceEqual(ContractArtifact.Deployed)))
        {
            return contract;
        }

        if (options.Contract is not null)
        {
            throw new ChainUnavailableException($"There is no contract at {contract}; see CONTRACT_ADDRESS.");
        }

        if (await account.CountAsync("pending", cancellationToken) != 0)
        {
            throw new ChainUnavailableException(
                $"The writer {options.Writer.Address} has sent transactions, and its first made no CapAuditStorageV2 of this version: set CONTRACT_ADDRESS, or start on an empty chain.");
        }

        await account.SendAsync(null, ContractArtifact.Creation, cancellationToken);
        return contract;
    }

    /// <summary>Where the account's transaction with nonce 0 puts the contract that it makes.</summary>
    private static EthereumAddress FirstContractOf(EthereumAddress creator) => new(
        Keccak256.Hash(RlpItem.List(RlpItem.Bytes(creator.ToArray()), RlpItem.Number(BigInteger.Zero)).Encode()).AsSpan(12));
}
