using System.Net.Mail;
using CapOrleans.Core.Incidents;
using CapOrleans.Notify;

namespace CapOrleans.Silo.Settings;

/// <summary>Reads what webhooks reach, and by which ways.</summary>
public sealed partial class SettingsReader
{
    private MailSettings? ReadMail()
    {
        var from = Parse(
            "Webhooks__MailFrom", text => MailAddress.TryCreate(text, out var address) && address.Address == text ? text : null,
            "one address, such as caporleans@desk.example");
        var server = Parse(
            "Webhooks__Smtp",
            text => Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Scheme: "smtp" or "smtps", AbsolutePath: "" or "/" }
                && url.Host.Length > 0 ? url : null,
            "smtp://HOST:PORT or smtps://HOST:PORT, with USER:PASSWORD@ before the host if it asks for them", isSecret: true);
        if (server is null != from is null && faults.Count == 0)
        {
            faults.Add("Webhooks__Smtp and Webhooks__MailFrom belong together: set both, or neither.");
        }

        return server is null || from is null ? null : new MailSettings(server, from);
    }

    private Dictionary<string, string> ReadCommands() => Parse(
        "Webhooks__Commands",
        text =>
        {
            var pairs = text.Split(',', StringSplitOptions.TrimEntries).Select(pair => pair.Split('=', 2)).ToList();
            return pairs.TrueForAll(pair =>
                pair.Length == 2 && Identifiers.IsId(pair[0]) && Path.IsPathRooted(pair[1]) && File.Exists(pair[1]))
                && pairs.DistinctBy(pair => pair[0]).Count() == pairs.Count
                ? pairs.ToDictionary(pair => pair[0], pair => pair[1]) : null;
        },
        "NAME=/path/of/a/program, several with commas; each must exist") ?? [];
}
