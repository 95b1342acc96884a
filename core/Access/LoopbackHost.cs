using System.Net;

namespace CapOrleans.Core.Access;

/// <summary>
/// Calls that need no key on loopback must use this machine's own name: a web page whose name was rebound to this
/// machine (DNS rebinding) uses its own.
/// </summary>
public static class LoopbackHost
{
    /// <param name="host">Host of the request, without its port. An address counts in its
    /// canonical spelling alone.</param>
    public static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address) && (host == $"{address}" || host == $"[{address}]"));
}
