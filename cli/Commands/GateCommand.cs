using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Client;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Sealing;

namespace CapOrleans.Cli.Commands;

/// <summary>Shows what is queued at a gate and what the cluster refused, and manages gates.</summary>
internal static class GateCommand
{
    public static Command Create() => new("gate", "Gates: status, dead letters, retry, drop, list, add, remove, key. Example: cap " +
        "gate status") { Status(), Dead(), Retry(), Drop(), List(), Add(), Remove(), Key() };

    private static Command Status()
    {
        var gate = GateOption();
        var command = new Command("status", "Show what is queued at a gate, and why. Example: cap gate status") { gate };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var status = await Servers.GateAsync(parsed.GetValue(gate), server => server.GetStatusAsync(cancellationToken));
            return Output.Print(status, ClientJson.Default.GateStatus);
        });
        return command;
    }

    private static Command Dead()
    {
        var gate = GateOption();
        var command = new Command("dead", "Show what the cluster refused, the newest first, one JSON object per line. Example: cap gate dead") { gate };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await ForEachLetterAsync(
                parsed.GetValue(gate), letter => Console.WriteLine(Output.Line(Output.Node(letter,
                    ClientJson.Default.DeadLetter))), cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Retry() => OfLetters(
        "retry", "Send again what was refused, for example after its key was added. Example: cap gate retry 17",
        (gate, number, cancellationToken) => gate.RetryAsync(number, cancellationToken), "retried", "queued for retry");

    private static Command Drop() => OfLetters(
        "drop", "Delete what was refused and cannot be accepted: nothing of it is kept; 'cap gate dead' prints it. Example: cap " +
            "gate drop 17",
        (gate, number, cancellationToken) => gate.DropAsync(number, cancellationToken), "dropped", "deleted");

    private static Command OfLetters(string name, string description, Func<IGateClient, long, CancellationToken, Task> call,
        string member, string done)
    {
        var numbers = new Argument<long[]>("NUMBER") { Description = "As 'cap gate dead' shows them", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "Every dead letter" };
        var gate = GateOption();
        var command = new Command(name, description) { numbers, all, gate };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(numbers) is { Length: > 0 })
            {
                result.AddError("Name the dead letters by number, or add --all.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var chosen = new List<long>(parsed.GetValue(numbers) ?? []);
            if (parsed.GetValue(all))
            {
                await ForEachLetterAsync(parsed.GetValue(gate), letter => chosen.Add(letter.Number), cancellationToken);
            }

            await Output.ShowAsync($"gate {name}", report => Servers.GateAsync(parsed.GetValue(gate), async server =>
            {
                foreach (var (count, number) in chosen.Order().Index())
                {
                    await call(server, number, cancellationToken);
                    report((count + 1.0) / chosen.Count);
                }

                return chosen.Count;
            }));
            return Output.Print(new JsonObject { [member] = chosen.Count },
                $"{chosen.Count} incident{(chosen.Count == 1 ? "" : "s")} {done}");
        });
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Show the registered gates, and which of them are silent. Example: cap gate list");
        command.SetAction(async (_, cancellationToken) =>
        {
            var gates = await Servers.ApiAsync(api => api.ListGatesAsync(cancellationToken));
            return Output.Print(gates, ClientJson.Default.IReadOnlyListGateView);
        });
        return command;
    }

    private static Command Add()
    {
        var name = new Argument<string>("NAME") { Description = "The gate's Gate__Name" };
        var address = new Argument<string>("ADDRESS") { Description = "Address of the gate's key, as 'cap gate " +
            "status' shows it at the gate" };
        var command = new Command(
            "add", "Give a gate's key a name, so that the cluster accepts its heartbeats. Example: cap gate add edge-1 0x2c7536E3605D9C16a7a3D7b1898e529396a65c23")
        {
            name, address,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Servers.ApiAsync(api =>
                api.AddGateAsync(parsed.GetRequiredValue(name), parsed.GetRequiredValue(address), cancellationToken));
            return Output.Print(new JsonObject { ["added"] = parsed.GetRequiredValue(name) }, "added");
        });
        return command;
    }

    private static Command Remove()
    {
        var name = new Argument<string>("NAME") { Description = "As 'cap gate list' shows it" };
        var command = new Command("remove", "Remove a gate's name, when the gate is gone or lost its key. Example: " +
            "cap gate remove edge-1") { name };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Servers.ApiAsync(api => api.RemoveGateAsync(parsed.GetRequiredValue(name), cancellationToken));
            return Output.Print(new JsonObject { ["removed"] = parsed.GetRequiredValue(name) }, "removed");
        });
        return command;
    }

    private static Command Key()
    {
        var gate = GateOption();
        var command = new Command("key", "Print the key to which hosts seal incidents for a gate, for their " +
            "CAP_GATE_KEY; ask over a connection that you trust. Example: cap gate key --gate http://127.0.0.1:8989") { gate };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var url = parsed.GetValue(gate);
            var answer = await Servers.GateAsync(url, server => server.GetSealingKeyAsync(cancellationToken));
            return X25519PrivateKey.TryReadKey(answer.Key, out _)
                ? Output.Print(Output.Node(answer, ClientJson.Default.SealingKeyAnswer), answer.Key)
                : throw new CliFaultException(
                    ExitCodes.Unreachable, $"{Servers.GateUrl(url).Authority} did not return a key: is it a gate?");
        });
        return command;
    }

    private static Task ForEachLetterAsync(string? gate, Action<DeadLetter> tell, CancellationToken cancellationToken) =>
        Servers.GateAsync(gate, async server =>
        {
            await foreach (var letter in server.ListDeadLettersAsync(cancellationToken))
            {
                tell(letter);
            }
        });

    private static Option<string?> GateOption() => new("--gate") { Description = "URL of the gate; default that of VPN_ENDPOINT" };
}
