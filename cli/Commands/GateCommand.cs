using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Sealing;

namespace CapOrleans.Cli.Commands;

/// <summary>What waits at a gate, and what the cluster refused.</summary>
internal static class GateCommand
{
    public static Command Create() => new("gate", "Gates: status, dead letters, retry, list, add, remove, key. Example: cap gate status") { Status(), Dead(), Retry(), List(), Add(), Remove(), Key() };

    private static Command Status()
    {
        var gate = GateOption();
        var command = new Command("status", "Show what is queued at a gate, and why. Example: cap gate status") { gate };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            return Answer.Tell(await SendAsync(parsed.GetValue(gate), HttpMethod.Get, "status", cancellationToken));
        });
        return command;
    }

    private static Command Dead()
    {
        var gate = GateOption();
        var command = new Command("dead", "Show what the cluster refused, the newest first, one JSON object per line. Example: cap gate dead") { gate };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await foreach (var letter in LettersAsync(parsed.GetValue(gate), cancellationToken))
            {
                Console.WriteLine(Answer.Line(CapClient.Read(letter, json => JsonNode.Parse(json.GetRawText()))));
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Retry()
    {
        var numbers = new Argument<long[]>("NUMBER") { Description = "As 'cap gate dead' shows them", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "Every dead letter" };
        var gate = GateOption();
        var command = new Command("retry", "Send again what was refused, for example after its key was added. Example: cap gate retry 17") { numbers, all, gate };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(numbers) is { Length: > 0 })
            {
                result.AddError("Name the dead letters by number, or say --all.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var chosen = new List<long>(parsed.GetValue(numbers) ?? []);
            if (parsed.GetValue(all))
            {
                await foreach (var letter in LettersAsync(parsed.GetValue(gate), cancellationToken))
                {
                    chosen.Add(CapClient.Read<long>(letter, json => json.GetProperty("number").GetInt64()));
                }
            }

            await Answer.ShowAsync("retrying", async report =>
            {
                foreach (var (done, number) in chosen.Order().Index())
                {
                    await SendAsync(parsed.GetValue(gate), HttpMethod.Post, string.Create(CultureInfo.InvariantCulture, $"dead/{number}/retry"), cancellationToken);
                    report((done + 1.0) / chosen.Count);
                }

                return chosen.Count;
            });
            return Answer.Tell(new JsonObject { ["retried"] = chosen.Count }, $"{chosen.Count} incident{(chosen.Count == 1 ? "" : "s")} queued for retry");
        });
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Show the gates that the cluster knows, and which of them are silent. Example: cap gate list");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            return Answer.Tell(await CapClient.ReadAsync(new Uri(CapEnvironment.Api, "v1/gates"), cancellationToken));
        });
        return command;
    }

    private static Command Add()
    {
        var name = new Argument<string>("NAME") { Description = "As Gate__Name of the gate has it" };
        var address = new Argument<string>("ADDRESS") { Description = "Of the gate's key, as 'cap gate status' shows it at the gate" };
        var command = new Command(
            "add", "Give a gate's key a name, so that the cluster accepts its heartbeats. Example: cap gate add edge-1 0x2c7536E3605D9C16a7a3D7b1898e529396a65c23")
        {
            name, address,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var url = new Uri(CapEnvironment.Api, $"v1/gates/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}");
            using var request = CapClient.Operator(new HttpRequestMessage(HttpMethod.Put, url));
            var body = new JsonObject { ["address"] = parsed.GetRequiredValue(address) };
            request.Content = CapClient.Json(Encoding.UTF8.GetBytes(body.ToJsonString()));
            await CapClient.SendAsync(request, cancellationToken);
            return Answer.Tell(new JsonObject { ["added"] = parsed.GetRequiredValue(name) }, "added");
        });
        return command;
    }

    private static Command Remove()
    {
        var name = new Argument<string>("NAME") { Description = "As 'cap gate list' shows it" };
        var command = new Command("remove", "Take a gate's name back, from one that is gone or lost its key. Example: cap gate remove edge-1") { name };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var request = CapClient.Operator(new HttpRequestMessage(HttpMethod.Delete, new Uri(CapEnvironment.Api, $"v1/gates/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}")));
            await CapClient.SendAsync(request, cancellationToken);
            return Answer.Tell(new JsonObject { ["removed"] = parsed.GetRequiredValue(name) }, "removed");
        });
        return command;
    }

    private static Command Key()
    {
        var gate = GateOption();
        var command = new Command("key", "Print the key that a gate opens sealed bodies with, for CAP_GATE_KEY of its hosts: ask over a way that you trust. Example: cap gate key --gate http://127.0.0.1:8989") { gate };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var request = Request(parsed.GetValue(gate), HttpMethod.Get, "sealing-key"); // it is no secret, and needs none
            var answer = await CapClient.SendAsync(request, cancellationToken);
            var text = CapClient.Read(answer, json => json.GetProperty("key").GetString());
            return X25519PrivateKey.TryReadKey(text, out _)
                ? Answer.Tell(CapClient.Read(answer, json => JsonNode.Parse(json.GetRawText())), text)
                : throw new CliFaultException(ExitCodes.Unreachable, $"{request.RequestUri!.Authority} answered with no key: is it a gate?");
        });
        return command;
    }

    private static async IAsyncEnumerable<JsonElement> LettersAsync(string? gate, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long? before = long.MaxValue; before is not null;)
        {
            var page = await SendAsync(gate, HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"dead?before={before}"), cancellationToken);
            foreach (var letter in CapClient.Read<JsonElement.ArrayEnumerator>(page, json => json.GetProperty("items").EnumerateArray()))
            {
                yield return letter;
            }

            var next = CapClient.Read<JsonElement>(page, json => json.GetProperty("next"));
            long? further = next.ValueKind == JsonValueKind.Number ? CapClient.Read<long>(next, json => json.GetInt64()) : null;
            before = further is null || further < before ? further
                : throw new CliFaultException(ExitCodes.Unreachable, "The gate answers with a page of dead letters that leads back to itself: is it a gate?");
        }
    }

    private static Option<string?> GateOption() => new("--gate") { Description = "URL of the gate; default that of VPN_ENDPOINT" };

    private static async Task<JsonElement> SendAsync(string? gate, HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var request = Request(gate, method, path);
        Credentials.AddGateToken(request);
        return await CapClient.SendAsync(request, cancellationToken);
    }

    private static HttpRequestMessage Request(string? gate, HttpMethod method, string path) => new(method, new Uri(GateCall.Url(gate), $"/v1/gate/{path}"));
}
