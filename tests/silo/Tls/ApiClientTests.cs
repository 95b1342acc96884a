using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Silo;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Silo.Tls;

/// <summary>An API that accepts only callers with a certificate, and the gate in its process.</summary>
public sealed class ApiClientTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly TestCertificates certificates;
    private readonly X509Certificate2 authority = TestCertificates.Authority("CN=ours");
    private readonly int apiPort = Child.FreePort(), gatePort = Child.FreePort();

    public ApiClientTests()
    {
        certificates = new TestCertificates(directory);
        certificates.Write(authority, "ca");
        certificates.Issue(authority, "api", TestCertificates.ForServers);
        certificates.Issue(authority, "gate", TestCertificates.ForClients);
        certificates.Issue(authority, "plain", [], "localhost");
    }

    public void Dispose()
    {
        authority.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task The_gate_of_the_same_process_forwards_to_it_with_its_certificate_and_with_a_renewed_one()
    {
        await using var node = await CapNode.StartAsync(SettingsReader.Read(Setting), CancellationToken.None);
        await ArrivesAsync("TLS-1");
        certificates.Issue(authority, "gate", TestCertificates.ForClients);
        await ArrivesAsync("TLS-2");
    }

    [Theory]
    [InlineData("gate", HttpStatusCode.OK)]
    [InlineData("plain", HttpStatusCode.OK)] // states no purpose
    [InlineData("api", null)]
    [InlineData(null, null)]
    public async Task A_caller_s_certificate_must_be_for_clients_if_it_states_a_purpose(string? certificate, HttpStatusCode? status)
    {
        await using var node = await CapNode.StartAsync(SettingsReader.Read(Setting), CancellationToken.None);
        using var api = Client(certificate);
        HttpStatusCode? seen = null;
        try
        {
            using var live = await api.GetAsync("/health/live");
            seen = live.StatusCode;
        }
        catch (HttpRequestException)
        {
            // The connection was refused.
        }

        Assert.Equal(status, seen);
    }

    [Fact]
    public void Settings_with_which_the_API_would_refuse_its_own_gate_are_a_fault()
    {
        Assert.Contains("Gate__ApiClientCertificate", FaultOf(name => name.StartsWith("Gate__", StringComparison.Ordinal) ? null : Setting(name)), StringComparison.Ordinal);
        Assert.Contains("clientAuth", FaultOf(name => Setting(name)?.Replace("gate.", "api.", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("belong together", FaultOf(name => name == "Gate__ApiClientKey" ? null : Setting(name)), StringComparison.Ordinal);
        _ = SettingsReader.Read(name => name == "Gate__Api" ? "https://cap.example" : name.StartsWith("Gate__", StringComparison.Ordinal) ? null : Setting(name));
    }

    [Fact]
    public void The_greeting_shows_how_to_reach_the_API()
    {
        using var output = new StringWriter();
        Greeting.Write(output, SettingsReader.Read(Setting), isFirstStart: true);
        Assert.Contains($"api https://127.0.0.1:{apiPort}", output.ToString(), StringComparison.Ordinal);
        Assert.Contains($"CAP_API=https://127.0.0.1:{apiPort} ./cap send", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pager_with_a_certificate_of_the_API_s_authority_is_refused_and_gets_no_client_certificate()
    {
        certificates.Issue(authority, "pager", TestCertificates.ForServers);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var node = await CapNode.StartAsync(
            SettingsReader.Read(name => name switch
            {
                "Gate__ApiAuthorities" => directory.File("ca.pem"),
                "Gate__EscalateUrl" => $"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/page",
                _ => Setting(name),
            }),
            CancellationToken.None);
        var arrives = ArrivesAsync("TLS-3", "critical");
        using var caller = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(caller.GetStream());
        using var own = X509Certificate2.CreateFromPemFile(directory.File("pager.pem"), directory.File("pager.key"));
        X509Certificate? shown = null;
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificate = own, ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => (shown = certificate) is null || true,
            });
            await tls.ReadExactlyAsync(new byte[1]);
        });
        Assert.Null(shown);
        await arrives; // the gate trusts that authority for the API
    }

    [Theory]
    [InlineData("::1", "http://[::1]:8787", "http://[::1]:8989")]
    [InlineData("::", "http://[::1]:8787", "http://[::1]:8989")]
    [InlineData("0.0.0.0", "http://127.0.0.1:8787", "http://127.0.0.1:8989")]
    public void The_greeting_shows_usable_URLs(string bind, string api, string gate)
    {
        using var output = new StringWriter();
        var settings = SettingsReader.Read(name => name switch
        {
            "BIND" => bind, "Api__TlsTerminatedByProxy" => "true", "CHAIN_ID" => "31337", "DATA_DIR" => directory.File("data"), _ => null,
        });
        Greeting.Write(output, settings, isFirstStart: false);
        Assert.Contains($"api {api}  gate {gate}  ", output.ToString(), StringComparison.Ordinal);
    }

    private static string FaultOf(Func<string, string?> find) => Assert.Single(Assert.Throws<SettingsException>(() => SettingsReader.Read(find)).Faults);

    private string? Setting(string name) => name switch
    {
        "DATA_DIR" => directory.File("data"),
        "API_PORT" => $"{apiPort}",
        "GATE_PORT" => $"{gatePort}",
        "Api__TlsCertificate" => directory.File("api.pem"),
        "Api__TlsKey" => directory.File("api.key"),
        "Api__ClientAuthorities" => directory.File("ca.pem"),
        "Gate__ApiClientCertificate" => directory.File("gate.pem"),
        "Gate__ApiClientKey" => directory.File("gate.key"),
        _ => null,
    };

    private async Task ArrivesAsync(string id, string severity = "high")
    {
        var key = TestIncident.Key(await File.ReadAllTextAsync(directory.File("data/identity.key")));
        using var http = new HttpClient();
        await Eventually.TrueAsync(async () =>
        {
            using var received = await http.PostAsync(
                $"http://127.0.0.1:{gatePort}/gate_receive", NodeFixture.Json(TestIncident.Signed(key, "SYS-CORE", id, TimeProvider.System.GetUtcNow(), incident => incident["severity"] = severity)));
            return received.StatusCode == HttpStatusCode.OK;
        });
        using var api = Client("gate");
        api.DefaultRequestHeaders.Authorization = new("Bearer", (await File.ReadAllTextAsync(directory.File("data/admin-token"))).Trim());
        await Eventually.TrueAsync(async () => (await api.GetAsync($"/v1/incidents/SYS-CORE/{id}")).StatusCode == HttpStatusCode.OK);
    }

    private HttpClient Client(string? certificate) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
            ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPemFile(directory.File($"{certificate}.pem"), directory.File($"{certificate}.key")), null, offline: true),
        },
    })
    {
        BaseAddress = new Uri($"https://localhost:{apiPort}"),
    };
}
