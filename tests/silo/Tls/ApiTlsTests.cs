using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Silo;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Silo.Tls;

/// <summary>An API with https.</summary>
public sealed class ApiTlsTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly TestCertificates certificates;
    private readonly X509Certificate2 authority = TestCertificates.Authority("CN=ours");
    private readonly int apiPort = Child.FreePort(), gatePort = Child.FreePort();
    private CapNode? node;

    public ApiTlsTests() => certificates = new TestCertificates(directory);

    public async Task InitializeAsync()
    {
        certificates.Issue(authority, "api", TestCertificates.ForServers);
        node = await CapNode.StartAsync(
            SettingsReader.Read(name => name switch
            {
                "DATA_DIR" => directory.File("data"),
                "API_PORT" => $"{apiPort}",
                "GATE_PORT" => $"{gatePort}",
                "Api__TlsCertificate" => directory.File("api.pem"),
                "Api__TlsKey" => directory.File("api.key"),
                _ => null,
            }),
            CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await node!.DisposeAsync();
        authority.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not()
    {
        var first = await ShownAsync();
        certificates.Issue(authority, "api", TestCertificates.ForServers);
        await Eventually.TrueAsync(async () => await ShownAsync() != first);
        var second = await ShownAsync();
        await File.WriteAllTextAsync(directory.File("api.pem"), "no certificate");
        await Eventually.TrueAsync(async () => await ShownAsync() == second);
    }

    [Fact]
    public async Task It_serves_one_request_at_a_time_on_a_connection_even_if_offered_HTTP_2()
    {
        using var client = new TcpClient("127.0.0.1", apiPort);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        });
        Assert.NotEqual(SslApplicationProtocol.Http2, tls.NegotiatedApplicationProtocol);
    }

    [Fact]
    public async Task The_gate_of_the_same_process_forwards_to_it()
    {
        using var http = new HttpClient(new HostRetries());
        var key = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key")));
        using var received = await http.PostAsync(
            $"http://127.0.0.1:{gatePort}/gate_receive", NodeFixture.Json(TestIncident.Signed(key, "SYS-CORE", "TLS-1", TimeProvider.System.GetUtcNow())));
        Assert.Equal(HttpStatusCode.OK, received.StatusCode);
        using var api = Client(_ => { });
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(directory.File("data/admin-token"))).Trim());
        await Eventually.TrueAsync(async () => (await api.GetAsync("/v1/incidents/SYS-CORE/TLS-1")).StatusCode == HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("0.0.0.0", null, "Api__TlsCertificate")]
    [InlineData("192.0.2.7", null, "Api__TlsCertificate")]
    [InlineData("0.0.0.0", "true", null)]
    [InlineData("127.0.0.1", null, null)]
    [InlineData("::1", null, null)]
    public void Off_loopback_an_API_without_https_requires_the_setting_that_a_proxy_terminates_it(string bind, string? proxy, string? fault)
    {
        IReadOnlyList<string> Faults()
        {
            try
            {
                _ = SettingsReader.Read(name => name switch { "BIND" => bind, "Api__TlsTerminatedByProxy" => proxy, "CHAIN_ID" => "31337", _ => null });
                return [];
            }
            catch (SettingsException reported)
            {
                return reported.Faults;
            }
        }

        Assert.Equal(fault is null ? 0 : 1, Faults().Count);
        Assert.All(Faults(), reported => Assert.Contains(fault!, reported, StringComparison.Ordinal));
    }

    private async Task<string> ShownAsync()
    {
        var shown = "";
        using var api = Client(certificate => shown = certificate.GetCertHashString(HashAlgorithmName.SHA256));
        Assert.Equal("live", await api.GetStringAsync("/health/live"));
        return shown;
    }

    private HttpClient Client(Action<X509Certificate2> seen) => new(new HttpClientHandler
    {
        ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
        {
            seen(certificate!);
            return true;
        },
    })
    {
        BaseAddress = new Uri($"https://localhost:{apiPort}"),
    };
}
