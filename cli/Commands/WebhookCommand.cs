using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Client;
using CapOrleans.Contracts.Webhooks;

namespace CapOrleans.Cli.Commands;

/// <summary>Manages webhooks, which are notified of incidents.</summary>
internal static class WebhookCommand
{
    public static Command Create() => new("webhook", "Webhooks: list, add, change, test, deliveries, redeliver, enable, rotate, " +
        "remove. Example: cap webhook add " +
        "https://example.org/incidents")
    {
        List(), Add(), Change(), Test(), DeliveryCommands.List(), DeliveryCommands.Redeliver(), Of("enable",
            "Enable a disabled webhook. Example: cap webhook enable 1f0c22ab", (api, id,
            cancel) => api.EnableWebhookAsync(id, cancel)),
        Of("rotate", "Create a new secret; it is shown once. Example: cap webhook rotate 1f0c22ab", (api, id, cancel) =>
            api.RotateWebhookSecretAsync(id, cancel)), Remove(),
    };

    private static Command List()
    {
        var command = new Command("list", "Show the webhooks, without their secrets, and the state of their " +
            "deliveries. Example: cap webhook list");
        command.SetAction(async (_, cancellationToken) => Output.Print(
            await Servers.ApiAsync(api => api.ListWebhooksAsync(cancellationToken)), ClientJson.Default.IReadOnlyListWebhookView));
        return command;
    }

    private static Command Add()
    {
        var url = new Argument<string>("URL") { Description = "Where incidents are posted to" };
        var options = new WebhookOptions();
        var command = new Command("add", "Register a webhook; its secret is shown once. Example: cap webhook add " +
            "https://example.org/incidents") { url };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = options.Read(parsed);
            var webhook = new WebhookRequest(
                parsed.GetRequiredValue(url), wanted.Format, wanted.Caps, wanted.MinSeverity, wanted.Ordered ?? false, wanted.Kinds);
            return Output.Print(
                await Servers.ApiAsync(api => api.RegisterWebhookAsync(webhook, cancellationToken)), ClientJson.Default.WebhookView);
        });
        return command;
    }

    private static Command Change()
    {
        var id = Id();
        var options = new WebhookOptions();
        var command = new Command("change", "Change what a webhook receives; '' removes a filter. Example: cap webhook change 1f0c22ab " +
            "--caps 'WEB-*' --min-severity critical") { id };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) => Output.Print(
            await Servers.ApiAsync(api => api.ChangeWebhookAsync(parsed.GetRequiredValue(id), options.Read(parsed), cancellationToken)),
            ClientJson.Default.WebhookView));
        return command;
    }

    private static Command Test()
    {
        var id = Id();
        var command = new Command("test", "Deliver a test and show what the receiver answered. Example: cap webhook test 1f0c22ab") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var result = await Servers.ApiAsync(api => api.TestWebhookAsync(parsed.GetRequiredValue(id), cancellationToken));
            Output.Print(result, ClientJson.Default.WebhookTestView);
            return result.Delivered ? ExitCodes.Done : ExitCodes.Refused;
        });
        return command;
    }

    private static Command Remove()
    {
        var id = Id();
        var command = new Command("remove", "Remove a webhook; its pending deliveries are dropped. Example: cap webhook " +
            "remove 1f0c22ab") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Servers.ApiAsync(api => api.RemoveWebhookAsync(parsed.GetRequiredValue(id), cancellationToken));
            return Output.Print(new JsonObject { ["removed"] = parsed.GetRequiredValue(id) }, "removed");
        });
        return command;
    }

    private static Command Of(string name, string description, Func<ICapOrleansClient, string, CancellationToken, Task<WebhookView>> call)
    {
        var id = Id();
        var command = new Command(name, description) { id };
        command.SetAction(async (parsed, cancellationToken) => Output.Print(
            await Servers.ApiAsync(api => call(api, parsed.GetRequiredValue(id), cancellationToken)), ClientJson.Default.WebhookView));
        return command;
    }

    public static Argument<string> Id() => new("ID") { Description = "As 'cap webhook list' shows it" };
}
