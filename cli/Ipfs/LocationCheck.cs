using System.Globalization;
using CapOrleans.Client;
using CapOrleans.Contracts.Archive;

namespace CapOrleans.Cli.Ipfs;

/// <summary>
/// Asks a node where CIDs are available: it looks in its store, at its IPFS node and at its gateways.
/// </summary>
internal static class LocationCheck
{
    /// <summary>Prints one line for each CID.</summary>
    /// <returns>Refused when a CID is at no location, unreachable when a location that may have it could not be asked.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> cids, CancellationToken cancellationToken)
    {
        var links = await Servers.ApiAsync(api => api.CheckArchiveAsync(cids, cancellationToken));
        var codes = links.Select(Print).ToList();
        return codes.Contains(ExitCodes.Refused) ? ExitCodes.Refused
            : codes.Contains(ExitCodes.Unreachable) ? ExitCodes.Unreachable : ExitCodes.Done;
    }

    private static int Print(LinkView link)
    {
        var text = $"{link.Cid}: {string.Join(", ", link.Locations.Select(Describe))}";
        Output.Print(Output.Node(link, ClientJson.Default.LinkView), Printable.Line(text));
        return link.Locations.Any(location => location.Result == "ok") ? ExitCodes.Done
            : link.Locations.Any(location => location.Result == "unknown") ? ExitCodes.Unreachable : ExitCodes.Refused;
    }

    private static string Describe(LocationView location)
    {
        var status = location.Status?.ToString(CultureInfo.InvariantCulture);
        var why = string.Join(' ', new[] { status, location.Reason == "status" ? null : location.Reason }.OfType<string>());
        return $"{location.Location} {location.Result}{(why.Length == 0 ? "" : $" ({why})")}";
    }
}
