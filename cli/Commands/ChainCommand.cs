using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Ethereum.Contract;
using CapOrleans.Ethereum.Rpc;
using CapOrleans.Core.Anchors;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>The contract without a cluster, as the old scripts used it.</summary>
internal static class ChainCommand
{
    /// <summary>What the old scripts store where there is no CID.</summary>
    private const string NoCid = "N/A";

    public static Command Create() => new("chain", "The contract, without a cluster: store. Example: cap chain store incident_archived.json") { Store() };

    private static Command Store()
    {
        var (file, key) = (new Argument<string>("FILE") { Description = "A signed incident, or what 'cap archive' wrote" }, new Option<string?>("--key")
        {
            Description = "File with the key of a writer of the contract; default PRIVATE_KEY, KEYSTORE, or that of the dev chain",
        });
        var command = new Command("store", "Check a file and store its hash in the contract at CONTRACT_ADDRESS, once and for ever. Example: RPC_URL=http://10.0.0.5:8545 cap chain store signed.json --key writer.json") { file, key };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(file);
            var content = IncidentFile.Read(path);
            using var http = HttpClients.Create(TimeSpan.FromSeconds(30), TlsSettings.OfMachine(), Credentials.DevChainToken);
            var (rpc, options) = CapEnvironment.Chain(http, parsed.GetValue(key));
            var contract = new RecordContract(rpc, options, TimeProvider.System);
            try
            {
                return Answer.Tell(await (content.ContainsKey("metadata") && content.ContainsKey("data")
                    ? StoreArchiveAsync(contract, path, cancellationToken)
                    : StoreIncidentAsync(contract, content, cancellationToken)));
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
        });
        return command;
    }

    private static async Task<JsonObject> StoreArchiveAsync(RecordContract contract, string path, CancellationToken cancellationToken)
    {
        var archive = ArchiveFile.Check(path);
        var stored = await contract.StoreAuditAsync(archive.Id, archive.KeccakHash, archive.Ipfs ?? NoCid, cancellationToken);
        return Describe(new JsonObject { ["stored"] = "audit", ["id"] = archive.Id, ["hash"] = JsonRpcClient.Hex(archive.KeccakHash) }, stored);
    }

    /// <summary>Nobody holds Cap^P here: as in the old script, the incident's own word is taken for it.</summary>
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
