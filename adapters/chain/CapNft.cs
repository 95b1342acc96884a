using System.Numerics;
using System.Text;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Abi;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;
using Nethereum.Hex.HexTypes;
using Nethereum.RPC.Eth.DTOs;

namespace CapOrleans.Chain;

/// <summary>
/// The CapNFT contract on the chain. It shares its account with the anchors: the writer of the logs, whose transactions
/// are sent one after another.
/// </summary>
public sealed class CapNft : ICapMirror
{
    private readonly JsonRpcClient rpc;
    private readonly ChainOptions options;
    private readonly EthereumAddress contract;
    private readonly ChainAccount account;
    private readonly DeployedContract logContract;
    private readonly Agreement agreement;

    /// <param name="contract">The contract's address.</param>
    public CapNft(JsonRpcClient rpc, ChainOptions options, EthereumAddress contract, TimeProvider time)
    {
        (this.rpc, this.options, this.contract, agreement) = (rpc, options, contract, new Agreement(rpc));
        account = new ChainAccount(rpc, options, time);
        logContract = new DeployedContract(rpc, options, account);
        Target = new MirrorContract(options.ChainId, contract.ToString());
    }

    public MirrorContract Target { get; }

    private ChainMismatchException NotACapNft => new($"The contract at {contract} is not a CapNFT; check CAP_NFT_ADDRESS.");

    public async Task<MirrorConfirmation> MirrorAsync(IReadOnlyList<MirroredCap> caps, ISentTransactions sent, CancellationToken cancellationToken)
    {
        Receipt receipt;
        try
        {
            await rpc.TryEachAsync(() => CheckAsync(caps[0].CapId, sent, cancellationToken));
            receipt = await account.SendAsync(contract, Encode(caps), sent, cancellationToken);
        }
        catch (RpcErrorException fault) when (fault.Refusal == RpcRefusal.Reverted)
        {
            throw new ChainUnavailableException(
                ContractRefusals.Explain(CompiledContract.CapNft, fault, options.Writer.Address) ?? NotACapNft.Message, fault);
        }

        return new MirrorConfirmation(
            options.ChainId, contract.ToString(), receipt.Transaction, receipt.Block, receipt.BlockHash, receipt.GasUsed, await FindNewerAsync(caps, receipt, cancellationToken));
    }

    /// <exception cref="ChainMismatchException">
    /// There is no contract, or it is no CapNFT: one that accepts any call would cost gas each time.
    /// </exception>
    private async Task<bool> CheckAsync(string capId, ISentTransactions sent, CancellationToken cancellationToken)
    {
        // Checks the chain. On the dev chain, the writer's first transaction must deploy the contract of the logs.
        await logContract.FindAsync(mayDeploy: true, sent, cancellationToken);
        if ((await rpc.DataAsync("eth_getCode", cancellationToken, contract.ToString(), "latest")).Length == 0)
        {
            throw new ChainMismatchException($"There is no contract at {contract}; check CAP_NFT_ADDRESS.");
        }

        return await VersionAsync(rpc, TokenId(capId), BlockParameter.CreateLatest(),
            cancellationToken) is not null ? true : throw NotACapNft;
    }

    /// <summary>
    /// Returns the CapIDs of which the contract has a newer version. A CapID that the transaction did not change must
    /// have been there before, in this version or a newer one.
    /// </summary>
    /// <exception cref="ChainUnavailableException">The contract has neither version of a CapID.</exception>
    private async Task<IReadOnlyList<string>> FindNewerAsync(IReadOnlyList<MirroredCap> caps, Receipt receipt,
        CancellationToken cancellationToken)
    {
        var topic = CompiledContract.CapNft.Abi.Topic("CapMirrored");
        var changed = rpc.Read(receipt.Logs, logs => logs.EnumerateArray()
            .Where(log => EthereumAddress.TryParse(log.GetProperty("address").GetString(), out var emitter) && emitter == contract)
            .Select(log => string.Join(' ', log.GetProperty("topics").EnumerateArray().Select(part => part.GetString()))).ToHashSet());
        var ahead = new List<string>();
        foreach (var cap in caps)
        {
            var tokenId = TokenId(cap.CapId);
            if (changed.Contains($"{topic} {JsonRpcClient.Hex(tokenId)} 0x{cap.Version:x64}"))
            {
                continue;
            }

            var at = new BlockParameter(new HexBigInteger(receipt.Block));
            if (await agreement.AskAsync(node => VersionAsync(node, tokenId, at, cancellationToken), $"contract {contract}") is not { } version || version < cap.Version)
            {
                throw new ChainUnavailableException($"The transaction to {contract} succeeded but changed nothing: " +
                    "the contract is not a CapNFT; check CAP_NFT_ADDRESS.");
            }

            if (version > cap.Version)
            {
                ahead.Add(cap.CapId);
            }
        }

        return ahead;
    }

    /// <returns>Null when the answer is not a version.</returns>
    private async Task<BigInteger?> VersionAsync(JsonRpcClient node, byte[] tokenId, BlockParameter at, CancellationToken cancellationToken)
    {
        var call = new CallInput(JsonRpcClient.Hex(CompiledContract.CapNft.Abi.Call("versionOf", new BigInteger(tokenId, isUnsigned: true, isBigEndian: true))), contract.ToString());
        var version = ContractAbi.ReadWord(await Web3Client.Create(node, cancellationToken).Eth.Transactions.Call.SendRequestAsync(call, at));
        return version <= ulong.MaxValue ? version : null;
    }

    private byte[] Encode(IReadOnlyList<MirroredCap> caps) => CompiledContract.CapNft.Abi.Call("mirror", [caps.Select(cap => new object[]
    {
        cap.CapId, cap.Holder ?? options.Writer.Address.ToString(), cap.Version, cap.Keys.Select(key => new object[] { key.Hash, key.Roles }).ToArray(),
    }).ToArray()]);

    private static byte[] TokenId(string capId) => Keccak256.Hash(Encoding.UTF8.GetBytes(capId));
}
