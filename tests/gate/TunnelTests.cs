using System.Globalization;
using System.Text;
using System.Text.Json;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Gate;

/// <summary>
/// A host and a gate in network namespaces of their own, a real WireGuard tunnel between them, and an eavesdropper on
/// the wire.
/// </summary>
public sealed class TunnelTests : IAsyncLifetime
{
    private const string Description = "the disk of the payroll database is full";

    private static readonly string Id = (Environment.ProcessId % 100_000).ToString(CultureInfo.InvariantCulture);
    private static readonly string HostSpace = $"caph{Id}", GateSpace = $"capg{Id}", HostName = $"host{Id}";

    private readonly TempDirectory directory = new();
    private readonly int port = Child.FreePort();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var (space, file) in new[] { (HostSpace, HostName), (GateSpace, "cap-gate") })
        {
            using var down = Child.Start("ip", ["netns", "exec", space, "wg-quick", "down", directory.File($"{file}.conf")]);
            await down.ExitAsync();
            using var delete = Child.Start("ip", ["netns", "del", space]);
            await delete.ExitAsync();
        }

        directory.Dispose();
    }

    [TunnelFact]
    public async Task An_incident_goes_through_the_tunnel_and_cannot_be_read_on_the_wire()
    {
        await ConnectAsync();
        var cap = new CapCommand(directory.Path);
        foreach (var arguments in (string[][])[["init", "--endpoint", "192.0.2.1:51820"], ["peer", HostName]])
        {
            var (made, why) = await cap.RunAsync(["vpn", .. arguments]);
            Assert.True(made == 0, why);
        }

        await Child.RunAsync("ip", "netns", "exec", GateSpace, "wg-quick", "up", directory.File("cap-gate.conf"));
        await Child.RunAsync("ip", "netns", "exec", HostSpace, "wg-quick", "up", directory.File($"{HostName}.conf"));
        using var gate = new Node(
            new Dictionary<string, string>
            {
                ["ROLES"] = "gate", ["DATA_DIR"] = directory.File("data"), ["GATE_PORT"] = $"{port}", ["Gate__Bind"] = "10.86.0.1",
                ["CHAIN_ID"] = "31337", ["Gate__Api"] = $"http://127.0.0.1:{Child.FreePort()}",
            },
            ["ip", "netns", "exec", GateSpace]);
        await gate.StartAsync();
        await File.WriteAllBytesAsync(directory.File("i.json"), TestIncident.Signed(PrivateKey.Create(), "PAYROLL", "DISKFULL-1", TimeProvider.System.GetUtcNow(), one => one["description"] = Description).Bytes());

        using var wire = await ListenAsync("capg", "wire.pcap");
        using var tunnel = await ListenAsync("cap-gate", "tunnel.pcap");
        var output = "";
        await Eventually.TrueAsync(async () => // the gate must first find out that its cluster is unreachable
        {
            (var code, output) = await SendAsync("10.86.0.1");
            Assert.True(code == 0 || output.Contains("retry the request", StringComparison.Ordinal), output);
            return code == 0;
        });
        Assert.Contains("received", output, StringComparison.Ordinal);
        var (seen, inside) = (await StopAsync(wire, "wire.pcap"), await StopAsync(tunnel, "tunnel.pcap"));
        Assert.Contains(Description, inside, StringComparison.Ordinal); // a capture inside the tunnel shows what is readable
        Assert.DoesNotContain(Description, seen, StringComparison.Ordinal);
        Assert.DoesNotContain("DISKFULL-1", seen, StringComparison.Ordinal);
        Assert.NotEmpty(await Child.RunAsync("tcpdump", "-nr", directory.File("wire.pcap"), "udp", "port", "51820", "and", "greater", "400"));

        // The gate listens inside the tunnel only and cannot be reached outside of it.
        Assert.Equal(3, (await SendAsync("192.0.2.1")).Code);
    }

    private static async Task ConnectAsync()
    {
        foreach (var arguments in (string[][])
        [
            ["netns", "add", HostSpace], ["netns", "add", GateSpace],
            ["link", "add", "caph", "netns", HostSpace, "type", "veth", "peer", "name", "capg", "netns", GateSpace],
            ["-n", HostSpace, "addr", "add", "192.0.2.2/30", "dev", "caph"], ["-n", GateSpace, "addr", "add", "192.0.2.1/30", "dev", "capg"],
            ["-n", HostSpace, "link", "set", "caph", "up"], ["-n", GateSpace, "link", "set", "capg", "up"],
            ["-n", HostSpace, "link", "set", "lo", "up"], ["-n", GateSpace, "link", "set", "lo", "up"],
        ])
        {
            await Child.RunAsync("ip", arguments);
        }
    }

    private async Task<Child> ListenAsync(string device, string file)
    {
        var child = Child.Start("ip", ["netns", "exec", GateSpace, "tcpdump", "--immediate-mode", "-i", device, "-U", "-s", "0", "-w", directory.File(file)]);
        await child.LineAsync("listening on", TimeSpan.FromMinutes(1));
        return child;
    }

    private async Task<string> StopAsync(Child tcpdump, string file)
    {
        tcpdump.Signal(2);
        await tcpdump.ExitAsync();
        return Encoding.Latin1.GetString(await File.ReadAllBytesAsync(directory.File(file)));
    }

    private async Task<(int Code, string Output)> SendAsync(string address)
    {
        using var send = Child.Start("ip", ["netns", "exec", HostSpace, Repository.File("artifacts", "native", "cap"), "send", directory.File("i.json"), "--gate", $"http://{address}:{port}"]);
        return (await send.ExitAsync(), send.Output);
    }
}
