using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace CapOrleans.Cli.Commands;

/// <summary>What waits at a gate, and what the cluster refused.</summary>
internal static class GateCommand
{
    public static Command Create() => new("gate", "A gate: status, dead letters, retry. Example: cap gate status") { Status(), Dead(), Retry() };

    private static Command Status()
    {
        var command = new Command("status", "Show what waits at the gate of VPN_ENDPOINT, and what keeps it. Example: cap gate status");
        command.SetAction(async (_, cancellationToken) =>
        {
            Console.WriteLine(await SendAsync(HttpMethod.Get, "status", cancellationToken));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Dead()
    {
        var command = new Command("dead", "Show what the cluster refused, the newest first, one JSON object per line. Example: cap gate dead");
        command.SetAction(async (_, cancellationToken) =>
        {
            await foreach (var letter in LettersAsync(cancellationToken))
            {
                Console.WriteLine(letter.GetRawText());
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Retry()
    {
        var numbers = new Argument<long[]>("NUMBER") { Description = "As 'cap gate dead' shows them", Arity = ArgumentArity.ZeroOrMore };
        var all = new Option<bool>("--all") { Description = "Every dead letter" };
        var command = new Command("retry", "Send again what was refused, for example after its key was added. Example: cap gate retry 17") { numbers, all };
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
                await foreach (var letter in LettersAsync(cancellationToken))
                {
                    chosen.Add(letter.GetProperty("number").GetInt64());
                }
            }

            foreach (var number in chosen.Order())
            {
                await SendAsync(HttpMethod.Post, string.Create(CultureInfo.InvariantCulture, $"dead/{number}/retry"), cancellationToken);
            }

            Console.WriteLine($"{chosen.Count} wait again");
            return ExitCodes.Done;
        });
        return command;
    }

    private static async IAsyncEnumerable<JsonElement> LettersAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (long? before = long.MaxValue; before is not null;)
        {
            using var page = JsonDocument.Parse(await SendAsync(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"dead?before={before}"), cancellationToken));
            foreach (var letter in page.RootElement.GetProperty("items").EnumerateArray())
            {
                yield return letter;
            }

            before = page.RootElement.GetProperty("next") is { ValueKind: JsonValueKind.Number } next ? next.GetInt64() : null;
        }
    }

    private static async Task<string> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(SendCommand.GateUrl(null), $"/v1/gate/{path}"));
        request.Headers.Authorization = CapEnvironment.AdminTokenIfAny() is { } token ? new("Bearer", token) : null;
        return await CapClient.SendAsync(request, cancellationToken);
    }
}
