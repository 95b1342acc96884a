using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Chain.Abi;
using CapOrleans.Chain.Rpc;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Chain.Contract;

/// <summary>CapAuditStorageV2 on the chain behind <see cref="ChainOptions.RpcUrl"/>.</summary>
public sealed class AnchorContract : IAnchorContract
{
    private const string AnchorBatchSignature =
        "anchorBatch(bytes32,uint64,uint64,bytes32,uint64,(bytes32,bytes32,bytes32,uint64,uint8,int256)[],(string,string,string,string,bytes32,string,int256)[])";

    private const int WordBytes = 32;

    private static readonly byte[] LogAnchoredTopic = Keccak256.Hash("LogAnchored(bytes32,uint64,uint64,bytes32,uint64)"u8);

    private readonly JsonRpcClient rpc;
    private readonly ChainOptions options;
    private readonly ChainAccount account;
    private readonly DeployedContract deployed;

    public AnchorContract(JsonRpcClient rpc, ChainOptions options, TimeProvider time)
    {
        (this.rpc, this.options) = (rpc, options);
        account = new ChainAccount(rpc, options, time);
        deployed = new DeployedContract(rpc, options, account);
    }

    public async Task<ContractPosition> AnchoredAsync(string origin, CancellationToken cancellationToken)
    {
        var contract = await deployed.FindAsync(mayDeploy: true, cancellationToken);
        var call = AbiValue.Call("anchored(bytes32)", AbiValue.Bytes32(LogKey(origin)));
        var word = await rpc.DataAsync(
            "eth_call", cancellationToken,
            new JsonObject { ["to"] = contract.ToString(), ["data"] = JsonRpcClient.Hex(call) }, "latest");
        return word.Length == WordBytes
            ? new ContractPosition(options.ChainId, contract.ToString(), Bounded(word))
            : throw new ChainUnavailableException($"The contract at {contract} does not say how far it has come; see CONTRACT_ADDRESS.");
    }

    public async Task<AnchorConfirmation?> FindAsync(string origin, long from, CancellationToken cancellationToken)
    {
        var contract = await deployed.FindAsync(mayDeploy: true, cancellationToken);
        var filter = new JsonObject
        {
            ["address"] = contract.ToString(),
            ["fromBlock"] = "0x0",
            ["toBlock"] = "latest",
            ["topics"] = new JsonArray(
                [.. Topics(origin, from).Select(topic => JsonValue.Create(topic))]),
        };
        var logs = await rpc.CallAsync("eth_getLogs", cancellationToken, filter);
        return rpc.Read(logs, found => found.GetArrayLength() == 0 ? null : Confirm(contract, from, found[found.GetArrayLength() - 1]));
    }

    public async Task<AnchorConfirmation> AnchorAsync(AnchorBatch batch, CancellationToken cancellationToken)
    {
        var contract = await deployed.FindAsync(mayDeploy: true, cancellationToken);
        JsonElement receipt;
        try
        {
            receipt = await account.SendAsync(contract, Encode(batch), cancellationToken);
        }
        catch (RpcErrorException fault) when (ContractRefusals.Explain(fault, options.Writer.Address) is { } meaning)
        {
            throw new ChainUnavailableException(meaning, fault);
        }

        var topics = Topics(batch.Origin, batch.From);
        return rpc.Read(receipt, sent => sent.GetProperty("logs").EnumerateArray()
                .Where(log => IsAnchored(contract, topics, log)).Select(log => Confirm(contract, batch.From, log)).FirstOrDefault())
            ?? throw new ChainUnavailableException($"The transaction to {contract} succeeded without its event: there is another contract, or none.");
    }

    private static bool IsAnchored(EthereumAddress contract, string[] topics, JsonElement log) =>
        EthereumAddress.TryParse(log.GetProperty("address").GetString(), out var emitter) && emitter == contract
        && log.GetProperty("topics").EnumerateArray().Select(topic => topic.GetString()).SequenceEqual(topics);

    /// <summary>Of the event that a batch from there on leaves.</summary>
    private static string[] Topics(string origin, long from) =>
        [JsonRpcClient.Hex(LogAnchoredTopic), JsonRpcClient.Hex(LogKey(origin)), JsonRpcClient.Hex(AbiValue.Number(from).Encode())];

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

    private AnchorConfirmation Confirm(EthereumAddress contract, long from, JsonElement log)
    {
        var data = Convert.FromHexString(log.GetProperty("data").GetString().AsSpan(2)).AsSpan();
        return new AnchorConfirmation(
            options.ChainId, contract.ToString(), log.GetProperty("transactionHash").GetString()!,
            (long)JsonRpcClient.Quantity(log.GetProperty("blockNumber")), from, Bounded(data[..WordBytes]),
            data.Slice(WordBytes, WordBytes).ToArray(), Bounded(data.Slice(2 * WordBytes, WordBytes)));
    }

    /// <summary>What another writer stored may be any number: one that no log reaches stands for all that are larger.</summary>
    private static long Bounded(ReadOnlySpan<byte> word) =>
        (long)BigInteger.Min(new BigInteger(word, isUnsigned: true, isBigEndian: true), 1L << 53);
}
