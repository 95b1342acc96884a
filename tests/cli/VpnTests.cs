using System.Text.Json;
using CapOrleans.Core.Sealing;

namespace CapOrleans.Tests.Cli;

/// <summary>WireGuard files: which address each host gets, and which addresses it may send from.</summary>
public sealed class VpnTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Each_host_gets_an_address_of_its_own_and_reaches_the_gate_alone()
    {
        var gate = JsonElement.Parse((await CapAsync("init", "--endpoint", "gate.example:51820", "--json")).Output);
        var one = JsonElement.Parse((await CapAsync("peer", "web-01", "--json")).Output);
        var (own, two) = (X25519PrivateKey.Create(), default(JsonElement));
        two = JsonElement.Parse((await CapAsync("peer", "web-02", "--public-key", Convert.ToBase64String(own.PublicKey), "--json")).Output);
        Assert.Equal(("10.86.0.1", "10.86.0.2", "10.86.0.3"), (gate.Text("address"), one.Text("address"), two.Text("address")));

        var (gateText, oneText, twoText) = (await ReadAsync("cap-gate"), await ReadAsync("web-01"), await ReadAsync("web-02"));
        Assert.Equal(["10.86.0.2/32", "10.86.0.3/32"], Values(gateText, "AllowedIPs"));
        Assert.Equal(["10.86.0.1/32"], Values(oneText, "AllowedIPs"));
        Assert.Equal(["gate.example:51820"], Values(oneText, "Endpoint"));
        Assert.Equal([gate.Text("publicKey")], Values(oneText, "PublicKey"));
        Assert.True(X25519PrivateKey.TryParse(Values(oneText, "PrivateKey").Single(), out var key));
        Assert.Equal([Convert.ToBase64String(key.PublicKey), Convert.ToBase64String(own.PublicKey)], Values(gateText, "PublicKey"));
        Assert.Equal([.. Values(oneText, "PresharedKey"), .. Values(twoText, "PresharedKey")], Values(gateText, "PresharedKey"));
        Assert.Empty(Values(twoText, "PrivateKey"));
        Assert.All(Directory.GetFiles(directory.Path, "*.conf"), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Tunnels_get_IPv6_addresses_on_request()
    {
        var gate = JsonElement.Parse((await CapAsync("init", "--endpoint", "[2001:db8::1]:51820", "--network", "fd86:0:0:7::/64",
            "--json")).Output);
        var (_, output) = await CapAsync("peer", "web-01");
        Assert.Contains("VPN_ENDPOINT=http://[fd86:0:0:7::1]:8989/gate_receive", output, StringComparison.Ordinal);
        var two = JsonElement.Parse((await CapAsync("peer", "web-02", "--json")).Output);
        Assert.Equal(("fd86:0:0:7::1", "fd86:0:0:7::3"), (gate.Text("address"), two.Text("address")));
        var (gateText, oneText) = (await ReadAsync("cap-gate"), await ReadAsync("web-01"));
        Assert.Equal(["fd86:0:0:7::2/128", "fd86:0:0:7::3/128"], Values(gateText, "AllowedIPs"));
        Assert.Equal(["51820"], Values(gateText, "ListenPort"));
        Assert.Equal(["fd86:0:0:7::1/128"], Values(oneText, "AllowedIPs"));
        Assert.Equal(["[2001:db8::1]:51820"], Values(oneText, "Endpoint"));
    }

    [Fact]
    public async Task Hosts_that_are_let_in_at_once_get_addresses_of_their_own_and_a_key_is_one_host()
    {
        await CapAsync("init", "--endpoint", "192.0.2.1:51820");
        var names = Enumerable.Range(0, 6).Select(i => $"host-{i}").ToList();
        await Task.WhenAll(names.Select(name => Eventually.TrueAsync(async () => (await CapAsync("peer", name)).Code == 0)));
        Assert.Equal(6, Values(await ReadAsync("cap-gate"), "AllowedIPs").Distinct().Count());

        var key = Convert.ToBase64String(X25519PrivateKey.Create().PublicKey);
        Assert.Equal(0, (await CapAsync("peer", "own", "--public-key", key)).Code);
        Assert.Equal(2, (await CapAsync("peer", "own-2", "--public-key", key)).Code);

        // An operator has also given a host a network behind it.
        await File.WriteAllTextAsync(directory.File("cap-gate.conf"), (await ReadAsync("cap-gate")).Replace("AllowedIPs = 10.86.0.2/32", "AllowedIPs = 192.168.7.0/24, 10.86.0.2/32", StringComparison.Ordinal));
        Assert.Equal("10.86.0.9", JsonElement.Parse((await CapAsync("peer", "more", "--json")).Output).Text("address"));
    }

    [Fact]
    public async Task A_full_network_admits_no_one_and_existing_files_are_never_replaced()
    {
        Assert.Equal(0, (await CapAsync("init", "--endpoint", "192.0.2.1:51820", "--network", "10.1.2.8/30")).Code);
        Assert.Equal(2, (await CapAsync("init", "--endpoint", "192.0.2.1:51820")).Code);
        Assert.Equal(0, (await CapAsync("peer", "only")).Code);
        var before = await ReadAsync("cap-gate");
        var (code, output) = await CapAsync("peer", "another");
        Assert.Equal(2, code);
        Assert.Contains("no free address", output, StringComparison.Ordinal);
        Assert.Equal(2, (await CapAsync("peer", "only")).Code);
        Assert.Equal(before, await ReadAsync("cap-gate"));
    }

    [Theory]
    [InlineData("init", "--endpoint", "gate.example")]
    [InlineData("init", "--endpoint", "gate.example:0")]
    [InlineData("init", "--endpoint", "x:1\n[Peer]:1")]
    [InlineData("init", "--endpoint", "x:1", "--network", "fd00::/48")]
    [InlineData("init", "--endpoint", "2001:db8::1:51820")]
    [InlineData("init", "--endpoint", "x:1", "--network", "10.0.0.0/31")]
    [InlineData("peer", "web 01")]
    [InlineData("peer", "cap-gate")]
    [InlineData("peer", "name-that-is-too-long")]
    [InlineData("peer", "web", "--public-key", "AAAA")]
    [InlineData("peer", "web")]
    public async Task What_cannot_be_written_is_refused(params string[] arguments)
    {
        var (code, output) = await CapAsync(arguments);
        Assert.True(code == 2, output);
        Assert.Empty(Directory.GetFiles(directory.Path));
    }

    private static IEnumerable<string> Values(string text, string name) =>
        text.Split('\n').Where(line => line.StartsWith($"{name} = ", StringComparison.Ordinal)).Select(line => line[(name.Length + 3)..]);

    private Task<string> ReadAsync(string name) => File.ReadAllTextAsync(directory.File($"{name}.conf"));

    private Task<(int Code, string Output)> CapAsync(params string[] arguments) => new CapCommand(directory.Path).RunAsync(["vpn", .. arguments]);
}
