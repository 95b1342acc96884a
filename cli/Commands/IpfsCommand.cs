using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using CapOrleans.Cli.Ipfs;
using CapOrleans.Core.Archive;

namespace CapOrleans.Cli.Commands;

/// <summary>Archived content, wherever it lies.</summary>
internal static class IpfsCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static Command Create() => new("ipfs", "Archived content: check. Example: cap ipfs check bafkreiablk6x6xgfpiw5ss3vsdyevwaiijzzaxxdh3c45pvomitwvf7ymi") { Check() };

    private static Command Check()
    {
        var cid = new Argument<string>("CID") { Description = "Of version 0 or 1, over sha2-256" };
        var gateway = new Option<string?>("--gateway") { Description = "Where CIDs are served, for example https://ipfs.example/ipfs/; default the API of this node" };
        var legacy = new Option<bool>("--legacy") { Description = "Ask only whether the gateway answers 200, and print the old validator's JSON" };
        var command = new Command("check", "Fetch content from a gateway, block by block, and compare it with its CID. Example: cap ipfs check bafk... --gateway http://127.0.0.1:8080/ipfs/") { cid, gateway, legacy };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (name, root) = (parsed.GetRequiredValue(cid), Gateway(parsed.GetValue(gateway)));
            using var http = PlainHttp.Create(root, Patience);
            if (parsed.GetValue(legacy))
            {
                var found = await LegacyAsync(http, name, root, cancellationToken);
                Console.WriteLine(Answer.Line(found));
                return (bool)found["valid"]! ? ExitCodes.Done : ExitCodes.Refused;
            }

            if (!Cid.TryParseForeign(name, out var wanted))
            {
                throw new CliFaultException(ExitCodes.Misconfigured, $"'{name}' is no CID that can be checked: version 1 in base32 with codec raw, dag-pb or dag-cbor, or version 0, over sha2-256.");
            }

            var (blocks, bytes) = await Answer.ShowAsync(name, report => new ContentCheck(http, root).RunAsync(wanted, report, cancellationToken));
            return Answer.Tell(
                new JsonObject { ["valid"] = true, ["cid"] = name, ["blocks"] = blocks, ["bytes"] = bytes },
                $"valid: {blocks} block(s), {bytes} bytes, each with the hash that its CID names{(wanted.Codec == Cid.DagCbor ? "; links were not followed" : "")}");
        });
        return command;
    }

    /// <summary>As the old validator answered, to the letter.</summary>
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
        : throw new CliFaultException(ExitCodes.Misconfigured, $"--gateway is '{text}': name the URL under which CIDs stand, for example http://127.0.0.1:8080/ipfs/.");
}
