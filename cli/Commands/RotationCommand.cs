using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Client;
using CapOrleans.Contracts.Escalation;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Commands;

/// <summary>People who take turns at being on call.</summary>
internal static class RotationCommand
{
    public static Command Create() => new("rotation", "Rotations of people on call, whom a ladder's level pages: list, set, shifts, " +
        "override, cancel, remove. Example: cap rotation shifts primary")
    {
        List(), Set(), Shifts(), Override(), Cancel(), Remove(),
    };

    private static Command List()
    {
        var command = new Command("list", "Show the rotations, and who is on call now. Example: cap rotation list");
        command.SetAction(async (_, cancellationToken) => Output.Print(
            await Servers.ApiAsync(api => api.ListRotationsAsync(cancellationToken)), ClientJson.Default.IReadOnlyListRotationView));
        return command;
    }

    private static Command Set()
    {
        var id = Id();
        var zone = new Option<string>("--zone") { Required = true, Description = "IANA name of the time zone, for example Europe/Berlin" };
        var starts = new Option<string>("--starts")
        {
            Required = true, Description = "Local time at which the first member's first shift starts, for example 2026-12-07T09:00",
        };
        var shiftDays = new Option<int>("--shift-days")
        {
            DefaultValueFactory = _ => 7, Description = "Length of a shift in calendar days, 1 to 366; default 7",
        };
        var members = new Option<string[]>("--member")
        {
            Required = true, Description = "Once for each person, in the order of their shifts: a name, = and the id of a webhook",
        };
        var hours = new Option<string?>("--hours")
        {
            Description = "When they are on call: days, a slash, and local times, for example mon,tue,wed,thu,fri/09:00-17:00; " +
                "default always",
        };
        var command = new Command("set", "Make or change a rotation; its overrides stay. Example: cap rotation set primary --zone " +
            "Europe/Berlin --starts 2026-12-07T09:00 --member Ada=1f0c22ab --member Bob=9e0d41c7")
        {
            id, zone, starts, shiftDays, members, hours,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var rotation = new RotationRequest(
                parsed.GetRequiredValue(zone), parsed.GetRequiredValue(starts), parsed.GetValue(shiftDays),
                [.. parsed.GetRequiredValue(members).Select(Member)], parsed.GetValue(hours) is { } text ? Hours(text) : null);
            return Output.Print(
                await Servers.ApiAsync(api => api.PutRotationAsync(parsed.GetRequiredValue(id), rotation, cancellationToken)),
                ClientJson.Default.RotationView);
        });
        return command;
    }

    private static Command Shifts()
    {
        var id = Id();
        var from = new Option<DateTimeOffset?>("--from") { Description = "ISO 8601; default now" };
        var until = new Option<DateTimeOffset?>("--until") { Description = "ISO 8601; default 30 days later" };
        var command = new Command("shifts", "Show who is on call when. Example: cap rotation shifts primary --from 2026-12-24T00:00Z")
        {
            id, from, until,
        };
        command.SetAction(async (parsed, cancellationToken) => Output.Print(
            await Servers.ApiAsync(api => api.ListShiftsAsync(
                parsed.GetRequiredValue(id), parsed.GetValue(from), parsed.GetValue(until), cancellationToken)),
            ClientJson.Default.IReadOnlyListShiftView));
        return command;
    }

    private static Command Override()
    {
        var (id, name) = (Id(), OverrideName());
        var member = new Option<string>("--member") { Required = true, Description = "Name of the person who is on call instead" };
        var length = new Option<string>("--for") { Required = true, Description = "How long, as 90m, 8h or 14d; at most 24d" };
        var from = new Option<DateTimeOffset?>("--from") { Description = "When it starts, ISO 8601; default now" };
        var webhook = new Option<string?>("--webhook") { Description = "Id of the webhook that pages the person; default the member's" };
        var command = new Command("override", "Put somebody on call for a while, outside the rotation's hours too. Example: cap rotation " +
            "override primary swap-1 --member Bob --from 2026-12-24T18:00Z --for 8h")
        {
            id, name, member, length, from, webhook,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var startsAt = parsed.GetValue(from);
            var endsAt = (startsAt ?? TimeProvider.System.GetUtcNow()) + HookCommand.Duration("--for", parsed.GetRequiredValue(length));
            var change = new RotationOverrideRequest(parsed.GetRequiredValue(member), endsAt, startsAt, parsed.GetValue(webhook));
            return Output.Print(
                await Servers.ApiAsync(api => api.PutOverrideAsync(
                    parsed.GetRequiredValue(id), parsed.GetRequiredValue(name), change, cancellationToken)),
                ClientJson.Default.RotationView);
        });
        return command;
    }

    private static Command Cancel()
    {
        var (id, name) = (Id(), OverrideName());
        var command = new Command("cancel", "Remove an override, whether it has started or not. Example: cap rotation cancel primary " +
            "swap-1") { id, name };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Servers.ApiAsync(api => api.RemoveOverrideAsync(
                parsed.GetRequiredValue(id), parsed.GetRequiredValue(name), cancellationToken));
            return Output.Print(new JsonObject { ["removed"] = parsed.GetRequiredValue(name) }, "removed");
        });
        return command;
    }

    private static Command Remove()
    {
        var id = Id();
        var command = new Command("remove", "Remove a rotation; ladders that name it page none of its people from then on. Example: " +
            "cap rotation remove primary") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await Servers.ApiAsync(api => api.RemoveRotationAsync(parsed.GetRequiredValue(id), cancellationToken));
            return Output.Print(new JsonObject { ["removed"] = parsed.GetRequiredValue(id) }, "removed");
        });
        return command;
    }

    private static RotationMemberRequest Member(string text) => text.LastIndexOf('=') is > 0 and var at
        ? new RotationMemberRequest(text[..at], text[(at + 1)..])
        : throw new CliFaultException(
            ExitCodes.Misconfigured, $"--member is '{text}': a name, = and the id of a webhook, such as Ada=1f0c22ab.");

    private static OnCallHoursRequest Hours(string text) =>
        text.Split('/') is [var days, var times] && times.Split('-') is [var from, var until]
        ? new OnCallHoursRequest(days.Split(','), from, until)
        : throw new CliFaultException(
            ExitCodes.Misconfigured, $"--hours is '{text}': days, a slash, and local times, such as mon,tue,wed,thu,fri/09:00-17:00.");

    private static Argument<string> Id() => new("NAME") { Description = $"Of the rotation: {Identifiers.Rule}" };

    private static Argument<string> OverrideName() => new("OVERRIDE") { Description = $"Name of the override: {Identifiers.Rule}" };
}
