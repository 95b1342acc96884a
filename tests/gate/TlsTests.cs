using System.Net;
using System.Net.Sockets;
using CapOrleans.Core.Signatures;
using CapOrleans.Silo;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Gate;

/// <summary>A gate with https that accepts only hosts with a certificate of our authority.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly TestCertificates certificates;
    private readonly int port = Child.FreePort();
    private CapNode? node;

    public TlsTests() => certificates = new TestCertificates(directory);

    public async Task InitializeAsync()
    {
        using var ours = TestCertificates.Authority("CN=ours");
        using var others = TestCertificates.Authority("CN=others");
        certificates.Write(ours, "ca");
        certificates.Issue(ours, "gate", TestCertificates.ForServers);
        certificates.Issue(ours, "host", TestCertificates.ForClients);
        certificates.Issue(others, "stranger", TestCertificates.ForClients);
        var settings = SettingsReader.Read(name => name switch
        {
            "ROLES" => "gate",
            "DATA_DIR" => directory.File("data"),
            "GATE_PORT" => $"{port}",
            "Gate__Api" => $"http://127.0.0.1:{Child.FreePort()}",
            "Gate__TlsCertificate" => directory.File("gate.pem"),
            "Gate__TlsKey" => directory.File("gate.key"),
            "Gate__ClientAuthorities" => directory.File("ca.pem"),
            _ => null,
        });
        node = await CapNode.StartAsync(settings, CancellationToken.None);
        await File.WriteAllBytesAsync(directory.File("i.json"), TestIncident.Signed(PrivateKey.Create(), "Z-001", "TLS-1", TimeProvider.System.GetUtcNow()).Bytes());
    }

    public async Task DisposeAsync()
    {
        await node!.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task A_host_with_a_certificate_of_ours_is_heard()
    {
        var output = "";
        await Eventually.TrueAsync(async () => // the gate must first find out that its cluster is unreachable
        {
            (var code, output) = await SendAsync("host", "ca");
            Assert.True(code == 0 || output.Contains("retry the request", StringComparison.Ordinal), output);
            return code == 0;
        });
        Assert.Contains("received", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("stranger")]
    [InlineData("gate")] // a server certificate does not authenticate a client
    public async Task Any_other_host_is_refused(string? certificate) => Assert.Equal(3, (await SendAsync(certificate, "ca")).Code);

    [Fact]
    public async Task A_stranger_s_certificate_makes_the_gate_fetch_nothing()
    {
        using var asked = new TcpListener(IPAddress.Loopback, 0);
        asked.Start();
        using var others = TestCertificates.Authority("CN=others");
        certificates.Issue(others, "sender", TestCertificates.ForClients, $"http://127.0.0.1:{((IPEndPoint)asked.LocalEndpoint).Port}/ca.cer");
        Assert.Equal(3, (await SendAsync("sender", "ca")).Code);
        Assert.False(asked.Pending());
    }

    [Fact]
    public async Task A_host_does_not_speak_to_a_gate_that_it_does_not_trust()
    {
        Assert.Equal(3, (await SendAsync("host", null)).Code);
        Assert.Equal(3, (await SendAsync("host", "stranger")).Code);
    }

    [Fact]
    public async Task Files_that_cannot_be_used_are_reported_by_their_setting()
    {
        Assert.Equal(2, (await SendAsync("host", "missing")).Code);
        var fault = Assert.Throws<SettingsException>(() => SettingsReader.Read(name => name switch
        {
            "Gate__TlsCertificate" => directory.File("i.json"),
            "Gate__TlsKey" => directory.File("gate.key"),
            "Gate__ClientAuthorities" => directory.File("missing.pem"),
            _ => null,
        }));
        Assert.Contains(fault.Faults, one => one.StartsWith("Gate__TlsCertificate", StringComparison.Ordinal));
        Assert.Contains(fault.Faults, one => one.StartsWith("Gate__ClientAuthorities", StringComparison.Ordinal));
        Assert.Throws<SettingsException>(() => SettingsReader.Read(name => name == "Gate__TlsKey" ? directory.File("gate.key") : null));
    }

    private Task<(int Code, string Output)> SendAsync(string? certificate, string? authority) => new CapCommand(
        directory.Path, ("CAP_TLS_CA", authority is null ? "" : directory.File($"{authority}.pem")),
        ("CAP_TLS_CERTIFICATE", certificate is null ? "" : directory.File($"{certificate}.pem")), ("CAP_TLS_KEY", certificate is null ? "" : directory.File($"{certificate}.key")))
        .RunAsync("send", directory.File("i.json"), "--gate", $"https://localhost:{port}");
}
