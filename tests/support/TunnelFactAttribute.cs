namespace CapOrleans.Tests.Support;

/// <summary>
/// A test with network namespaces and a WireGuard tunnel between them: needs root, /dev/net/tun, and programs that
/// <c>./test</c> installs when it is allowed to.
/// </summary>
public sealed class TunnelFactAttribute : FactAttribute
{
    private static readonly string[] Programs = ["/usr/bin/wireguard-go", "/usr/bin/wg", "/usr/bin/tcpdump", "/sbin/ip"];

    public TunnelFactAttribute() => Skip = !Environment.IsPrivilegedProcess ? "Only root may make network namespaces."
        : !File.Exists("/dev/net/tun") ? "This machine has no /dev/net/tun."
        : !CanMakeNamespaces() ? "Network namespaces are not allowed here."
        : Array.Find(Programs, program => !File.Exists(program)) is { } missing ? $"There is no {missing}: sudo apt-get install wireguard-go wireguard-tools tcpdump iproute2"
        : null;

    private static bool CanMakeNamespaces()
    {
        using var child = Child.Start("/usr/bin/unshare", ["--net", "true"]);
        return child.ExitAsync().GetAwaiter().GetResult() == 0;
    }
}
