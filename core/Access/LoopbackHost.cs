using System.Net;

namespace CapOrleans.Core.Access;

/// <summary>
/// What may be called without a key on loopback may be called by this machine's own name only: a page whose name was made to lead here
/// (DNS rebinding) says its own.
/// </summary>
public static class LoopbackHost
{
    /// <param name="host">Of the request, without its port. An address counts in its canonical spelling alone.</param>
    public static bool Is(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address) && (host == $"{address}" || host == $"[{address}]"));
}
