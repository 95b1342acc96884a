using System.Globalization;
using System.Net;
using CapOrleans.TestHost;

namespace CapOrleans.Bench.Chaos;

/// <summary>
/// A bridge on this machine with a network namespace for each silo, so that links between them can be cut. Needs root.
/// </summary>
internal sealed class Network : IAsyncDisposable
{
    private readonly string id;
    private readonly byte subnet;
    private readonly int silos;

    private Network(string id, byte subnet, int silos) => (this.id, this.subnet, this.silos) = (id, subnet, silos);

    /// <summary>Address at which the silos reach this machine's own network, and the database in it.</summary>
    public IPAddress Gateway => Address(1);

    public static async Task<Network> CreateAsync(int silos)
    {
        var network = new Network(
            (Environment.ProcessId % 100_000).ToString(CultureInfo.InvariantCulture), (byte)(Environment.ProcessId % 250), silos);
        await Ip("link", "add", network.Bridge, "type", "bridge");
        await Ip("addr", "add", $"{network.Gateway}/24", "dev", network.Bridge);
        await Ip("link", "set", network.Bridge, "up");
        for (var silo = 0; silo < silos; silo++)
        {
            await Ip("netns", "add", network.Namespace(silo));
            await Ip("link", "add", network.Port(silo), "type", "veth", "peer", "name", "eth0", "netns", network.Namespace(silo));
            await Ip("link", "set", network.Port(silo), "master", network.Bridge, "up");
            await Ip("-n", network.Namespace(silo), "addr", "add", $"{network.SiloAddress(silo)}/24", "dev", "eth0");
            await Ip("-n", network.Namespace(silo), "link", "set", "eth0", "up");
            await Ip("-n", network.Namespace(silo), "link", "set", "lo", "up");
        }

        return network;
    }

    public IPAddress SiloAddress(int silo) => Address((byte)(10 + silo));

    /// <summary>Returns the prefix of a command that is to run in the silo's network.</summary>
    public string[] Wrap(int silo) => ["ip", "netns", "exec", Namespace(silo)];

    /// <summary>Cuts the link between two silos; both still reach the database, the API and everything else.</summary>
    public async Task CutAsync(int one, int two)
    {
        await Ip("-n", Namespace(one), "route", "add", "blackhole", $"{SiloAddress(two)}/32");
        await Ip("-n", Namespace(two), "route", "add", "blackhole", $"{SiloAddress(one)}/32");
    }

    public async Task HealAsync(int one, int two)
    {
        await Ip("-n", Namespace(one), "route", "del", "blackhole", $"{SiloAddress(two)}/32");
        await Ip("-n", Namespace(two), "route", "del", "blackhole", $"{SiloAddress(one)}/32");
    }

    /// <summary>Disconnects a silo from the network, or reconnects it.</summary>
    public Task SetLinkAsync(int silo, bool isIn) => Ip("link", "set", Port(silo), isIn ? "up" : "down");

    public async ValueTask DisposeAsync()
    {
        for (var silo = 0; silo < silos; silo++)
        {
            await Ip("netns", "del", Namespace(silo));
        }

        await Ip("link", "del", Bridge);
    }

    private string Bridge => $"capbr{id}";

    private string Namespace(int silo) => $"cap{id}-{silo}";

    private string Port(int silo) => $"cap{id}p{silo}";

    private IPAddress Address(byte host) => new([10, 77, subnet, host]);

    private static Task<string> Ip(params string[] arguments) => Child.RunAsync("ip", arguments);
}
