using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using CapOrleans.Cli.Ipfs;
using CapOrleans.Core.Archive;

namespace CapOrleans.Cli.Commands;

/// <summary>Checks archived content, wherever it is stored.</summary>
internal static class IpfsCommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    public static Command Create() => new("ipfs", "Archived content: check. Example: cap ipfs check bafkreiablk6x6xgfpiw5ss3vsdyevwaiijzzaxxdh3c45pvomitwvf7ymi") { Check() };

    private static Command Check()
    {
        var cids = new Argument<string[]>("CID") { Description = "One or more, of version 0 or 1, over sha2-256", Arity = ArgumentArity.OneOrMore };
        var gateway = new Option<string?>("--gateway") { Description = "Where CIDs are served, for example https://ipfs.example/ipfs/; default the API of this node" };
        var legacy = new Option<bool>("--legacy") { Description = "Ask only whether the gateway answers 200, and print the legacy validator's JSON" };
        var locations = new Option<bool>("--locations") { Description = "Let this node look in its store, at its IPFS " +
            "node and at its gateways (needs an API key with scope operate)" };
        var command = new Command("check", "Fetch content from a gateway, block by block, and compare it with its CID. Example: cap ipfs check bafk... --gateway http://127.0.0.1:8080/ipfs/; cap ipfs check bafk... --locations") { cids, gateway, legacy, locations };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var names = parsed.GetRequiredValue(cids);
            if (parsed.GetValue(locations))
            {
                return parsed.GetValue(legacy) || parsed.GetValue(gateway) is not null
                    ? throw new CliFaultException(ExitCodes.Misconfigured, "--locations asks the locations that this node is configured with: leave out --gateway and --legacy.")
                    : await LocationCheck.RunAsync(names, cancellationToken);
            }

            using var http = HttpClients.Create(Timeout, TlsSettings.OfMachine());
            var (root, code) = (Gateway(parsed.GetValue(gateway)), ExitCodes.Done);
            foreach (var name in names)
            {
                var next = await CheckAsync(http, name, root, parsed.GetValue(legacy), cancellationToken);
                code = code == ExitCodes.Done || next == ExitCodes.Refused ? next : code; // wrong content is the worst finding
            }

            return code;
        });
        return command;
    }

    private static async Task<int> CheckAsync(HttpClient http, string name, Uri gateway, bool isLegacy, CancellationToken cancellationToken)
    {
        try
        {
            if (isLegacy)
            {
                var found = await LegacyAsync(http, name, gateway, cancellationToken);
                Console.WriteLine(Output.Line(found));
                return (bool)found["valid"]! ? ExitCodes.Done : ExitCodes.Refused;
            }

            if (!Cid.TryParseForeign(name, out var wanted))
            {
                throw new CliFaultException(ExitCodes.Misconfigured, $"'{name}' is not a supported CID: version 1 in " +
                    "base32 with codec raw, dag-pb or dag-cbor, or version 0, with sha2-256.");
            }

            var (blocks, bytes) = await Output.ShowAsync(name, report => new ContentCheck(http, gateway).RunAsync(wanted,
                report, cancellationToken));
            return Output.Print(
                new JsonObject { ["valid"] = true, ["cid"] = name, ["blocks"] = blocks, ["bytes"] = bytes },
                $"valid: {blocks} block(s), {bytes} bytes, each with the hash that its CID names{(wanted.Codec == Cid.DagCbor ? "; links were not followed" : "")}");
        }
        catch (CliFaultException fault)
        {
            return Output.PrintFault(fault); // continue with the next one
        }
    }

    /// <summary>Returns the legacy validator's answer, member for member.</summary>
    private static async Task<JsonObject> LegacyAsync(HttpClient http, string cid, Uri gateway, CancellationToken cancellationToken)
    {
        if (cid is "" or "null" or "N/A")
        {
            return new JsonObject { ["valid"] = false, ["reason"] = "Empty or placeholder hash" };
        }

        try
        {
            using var answer = await http.GetAsync(new Uri(gateway, Uri.EscapeDataString(cid)), cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK
                ? new JsonObject { ["valid"] = true, ["status"] = 200, ["size"] = (await answer.Content.ReadAsByteArrayAsync(cancellationToken)).LongLength }
                : new JsonObject { ["valid"] = false, ["status"] = (int)answer.StatusCode, ["reason"] = "Not 200" };
        }
        catch (Exception fault) when (fault is HttpRequestException || (fault is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new JsonObject { ["valid"] = false, ["error"] = fault.Message };
        }
    }

    private static Uri Gateway(string? text) => text is null ? new Uri(CapEnvironment.Api, "ipfs/")
        : Uri.TryCreate(text.EndsWith('/') ? text : $"{text}/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
        : throw new CliFaultException(ExitCodes.Misconfigured, $"--gateway is '{text}': choose the URL under which " +
            "CIDs are served, for example http://127.0.0.1:8080/ipfs/.");
}
