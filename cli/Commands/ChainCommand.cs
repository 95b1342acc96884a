using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Client;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Ethereum;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;

namespace CapOrleans.Cli.Commands;

/// <summary>
/// The contract: store and deploy without a cluster, as the legacy scripts did, and restart a cluster's anchors.
/// </summary>
internal static class ChainCommand
{
    /// <summary>What the legacy scripts store when there is no CID.</summary>
    private const string NoCid = "N/A";

    public static Command Create() => new("chain", "The contract: store and deploy without a cluster, restart at one. Example: cap chain store incident_archived.json") { Store(), Deploy(), Restart() };

    private static Command Store()
    {
        var (file, key) = (new Argument<string>("FILE") { Description = "A signed incident, or what 'cap archive' wrote" }, Key("of a writer of the contract"));
        var command = new Command("store", "Check a file and store its hash in the contract at CONTRACT_ADDRESS, once and for ever. Example: RPC_URL=http://10.0.0.5:8545 cap chain store signed.json --key writer.json") { file, key };
        command.SetAction((parsed, cancellationToken) => SendAsync(parsed.GetValue(key), makesContract: false, (rpc, options) =>
        {
            var path = parsed.GetRequiredValue(file);
            var (content, contract) = (IncidentFile.Read(path), new RecordContract(rpc, options, TimeProvider.System));
            return content.ContainsKey("metadata") && content.ContainsKey("data")
                ? StoreArchiveAsync(contract, path, cancellationToken)
                : StoreIncidentAsync(contract, content, cancellationToken);
        }));
        return command;
    }

    private static Command Deploy()
    {
        var (writer, owner) = (Address("--writer", "The silos' account: also allow it to anchor and store; with " +
            "--cap-nft, allow only this account to mirror CapIDs"), Address("--owner", "Offer the contract to this " +
                "account, which calls acceptOwnership"));
        var capNft = new Option<bool>("--cap-nft") { Description = "Put a CapNFT there instead, for CAP_NFT_ADDRESS: one locked token for each CapID" };
        var key = Key("that pays, and is the contract's owner and first writer");
        var command = new Command("deploy", "Put a new contract on the chain of RPC_URL and CHAIN_ID, and print its address for CONTRACT_ADDRESS. Example: RPC_URL=https://rpc.example CHAIN_ID=11155111 cap chain deploy --key owner.key --writer 0x...") { writer, owner, capNft, key };
        command.SetAction((parsed, cancellationToken) => SendAsync(parsed.GetValue(key), makesContract: true, async (rpc, options) =>
        {
            var deployment = new ContractDeployment(rpc, options, TimeProvider.System);
            var (isCapNft, other) = (parsed.GetValue(capNft), parsed.GetValue(writer));
            var made = isCapNft
                ? await deployment.DeployCapNftAsync(other ?? options.Writer.Address, cancellationToken)
                : await deployment.DeployAsync(cancellationToken);
            var answer = Describe(new JsonObject { ["owner"] = $"{options.Writer.Address}" }, made);
            if (other is not null && !isCapNft)
            {
                await deployment.AddWriterAsync(made.Contract, other.Value, cancellationToken);
            }

            if (other is not null || isCapNft)
            {
                answer["writer"] = $"{other ?? options.Writer.Address}";
            }

            if (parsed.GetValue(owner) is { } next)
            {
                await deployment.OfferOwnershipAsync(made.Contract, next, cancellationToken);
                answer["offeredTo"] = $"{next}";
            }

            return answer;
        }));
        return command;
    }

    private static Command Restart()
    {
        var log = new Option<int>("--log") { Description = "Number of the log, as /health/ready shows it; default 0" };
        var command = new Command("restart", "Anchor a log under a new log key, after it was restored from an older copy and the log says anchor.conflict. Example: cap chain restart --log 0") { log };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var restarted = await Servers.ApiAsync(api => api.RestartAnchorsAsync(parsed.GetValue(log), cancellationToken));
            return Output.Print(restarted, ClientJson.Default.AnchorRestart);
        });
        return command;
    }

    private static Option<string?> Key(string whose) => new("--key")
    {
        Description = $"File with the key {whose}; default PRIVATE_KEY, KEYSTORE, or that of the dev chain",
    };

    private static Option<EthereumAddress?> Address(string name, string description) => new(name)
    {
        Description = description, HelpName = "ADDRESS", CustomParser = result =>
        {
            if (EthereumAddress.TryParse(result.Tokens[0].Value, out var address))
            {
                return address;
            }

            result.AddError($"{name} is not an address: choose {EthereumAddress.Rule}.");
            return null;
        },
    };

    private static async Task<int> SendAsync(string? keyFile, bool makesContract, Func<JsonRpcClient, ChainOptions, Task<JsonObject>> send)
    {
        using var http = HttpClients.Create(TimeSpan.FromSeconds(30), TlsSettings.OfMachine(), Credentials.DevChainToken);
        var (rpc, options) = CapEnvironment.Chain(http, keyFile, makesContract);
        try
        {
            return Output.Print(await send(rpc, options));
        }
        catch (RecordRefusedException fault)
        {
            throw new CliFaultException(ExitCodes.Refused, fault.Message);
        }
        catch (ChainUnavailableException fault) when (fault.GetBaseException() is CliFaultException own)
        {
            throw own;
        }
        catch (ChainUnavailableException fault)
        {
            throw new CliFaultException(fault is ChainMismatchException ? ExitCodes.Misconfigured : ExitCodes.Unreachable, fault.Message);
        }
    }

    private static async Task<JsonObject> StoreArchiveAsync(RecordContract contract, string path, CancellationToken cancellationToken)
    {
        var archive = ArchiveFile.Check(path);
        var stored = await contract.StoreAuditAsync(archive.Id, archive.KeccakHash, archive.Ipfs ?? NoCid, cancellationToken);
        return Describe(new JsonObject { ["stored"] = "audit", ["id"] = archive.Id, ["hash"] = JsonRpcClient.Hex(archive.KeccakHash) }, stored);
    }

    /// <summary>
    /// There is no cluster to supply Cap^P: as in the legacy script, the incident's own value is used.
    /// </summary>
    private static async Task<JsonObject> StoreIncidentAsync(RecordContract contract, JsonObject incident, CancellationToken cancellationToken)
    {
        var report = VerifyCommand.Signed(incident);
        VerifyCommand.Prove(report);
        var deltaCap = CapFormula.Feedback.Rounded(report.CapPotentialClaimed ?? CapFormula.DefaultPotential, report.Feedback, report.Misuse);
        var hash = RecordHash.Of(report.Request, deltaCap);
        var ipfs = incident["ipfs"] is JsonValue value && value.TryGetValue<string>(out var cid) && cid.Length > 0 ? cid : NoCid;
        var stored = await contract.StoreIncidentAsync(report.IncidentId, report.CapId, report.Agent, report.SeverityText, hash, ipfs, cancellationToken);
        return Describe(
            new JsonObject { ["stored"] = "incident", ["id"] = report.IncidentId, ["capId"] = report.CapId, ["deltaCap"] = DecimalText.Of(deltaCap), ["hash"] = JsonRpcClient.Hex(hash) },
            stored);
    }

    private static JsonObject Describe(JsonObject record, StoredRecord stored)
    {
        record["contract"] = $"{stored.Contract}";
        record["transaction"] = stored.Transaction;
        record["block"] = stored.Block;
        return record;
    }
}
