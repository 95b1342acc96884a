using System.Net;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Silo;

/// <summary>
/// What a start prints: on the first one, how to send an incident; on every one, the line that scripts wait for.
/// </summary>
internal static class Greeting
{
    public static void Write(TextWriter output, NodeSettings settings, bool isFirstStart)
    {
        var api = Url(settings.ApiTls is not null, settings.Bind, settings.ApiPort);
        if (isFirstStart)
        {
            var relative = Path.GetRelativePath(Environment.CurrentDirectory, settings.DataDirectory);
            var data = relative.StartsWith("..", StringComparison.Ordinal) ? settings.DataDirectory : relative;
            var prefix = data == "data" ? "" : $"DATA_DIR={data} ";
            prefix += settings.ApiTls is not null ? $"CAP_API={api} " : settings.ApiPort == 8787 ? "" : $"API_PORT={settings.ApiPort} ";
            output.WriteLine($"First start: CapID {settings.CapId} is registered; its reporter key is {data}/identity.key, the first API key {data}/admin-token.");
            output.WriteLine("Send the first incident:");
            output.WriteLine($"  {prefix}./cap send docs/examples/first-incident.json");
        }

        List<string> parts = [];
        if (settings.Roles.HasFlag(NodeRoles.Api))
        {
            parts.Add($"api {api}");
        }

        if (settings.Roles.HasFlag(NodeRoles.Gate))
        {
            parts.Add($"gate {Url(settings.Gate.Tls is not null, settings.Gate.Bind ?? settings.Bind, settings.GatePort)}");
        }

        if (settings.Roles.HasFlag(NodeRoles.Api))
        {
            parts.Add($"dashboard {api}/orleans");
        }

        if (settings.Roles.HasFlag(NodeRoles.Silo))
        {
            if (settings.Database is not null)
            {
                parts.Add($"silo {new IPEndPoint(settings.SiloAddress, settings.SiloPort)}");
            }

            parts.Add($"chain {(settings.RpcUrls is [var node, ..] ? $"{node.Scheme}://{node.Authority}" : "none")}");
        }

        output.WriteLine($"CapOrleans is ready: {string.Join("  ", parts)}");
        output.Flush();
    }

    /// <summary>For a wildcard address, returns the URL at loopback.</summary>
    private static string Url(bool isTls, IPAddress bind, int port) =>
        $"{(isTls ? "https" : "http")}://{new IPEndPoint(bind.Equals(IPAddress.Any) ? IPAddress.Loopback : bind.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : bind, port)}";
}
