using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Notify;
using CapOrleans.Silo;

namespace CapOrleans.Tests.Silo.Tls;

/// <summary>The issuer URL in a server's certificate is never fetched: it may be any URL, on anyone's server.</summary>
public sealed class CertificateFetchTests : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private AnyServer issuer = null!;
    private Task serving = null!;

    private Uri Url => new($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");

    public async Task InitializeAsync()
    {
        issuer = await AnyServer.StartAsync();
        using var authority = TestCertificates.Authority("CN=nobody's");
        new TestCertificates(directory).Issue(authority, "hostile", TestCertificates.ForServers, $"http://127.0.0.1:{issuer.Port}/issuer");
        listener.Start();
        serving = ServeAsync();
    }

    public async Task DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        listener.Stop();
        await issuer.DisposeAsync();
        stop.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task No_client_of_ours_fetches_what_a_server_s_certificate_names()
    {
        using var plain = PlainHttp.Client(TimeSpan.FromMinutes(1));
        using var withCertificate = PlainHttp.Client(TimeSpan.FromMinutes(1), (_, _, _, _) => false, () =>
            SslStreamCertificateContext.Create(Hostile(), null, offline: true));
        using var webhooks = new ReceiverNetworks(ReceiverNetworks.Loopback).CreateClient();
        foreach (var client in (HttpClient[])[plain, withCertificate, webhooks])
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(Url));
        }

        foreach (var command in (string[])["show X", "ipfs check bafkreiablk6x6xgfpiw5ss3vsdyevwaiijzzaxxdh3c45pvomitwvf7ymi --gateway", "hook flush"])
        {
            string[] arguments = command.EndsWith("--gateway", StringComparison.Ordinal) ? [.. command.Split(' '), $"{Url}"] : command.Split(' ');
            var (code, output) = await new CapCommand(directory.Path, ("DATA_DIR", directory.Path), ("CAP_API", $"{Url}"), ("VPN_ENDPOINT", $"{Url}")).RunAsync(arguments);
            Assert.True(code is 0 or 1 or 3, output);
        }

        Assert.Empty(issuer.Calls);
        using var any = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => any.GetAsync(Url));
        Assert.NotEmpty(issuer.Calls); // so a client that fetches it would be noticed
    }

    private X509Certificate2 Hostile() => X509Certificate2.CreateFromPemFile(directory.File("hostile.pem"), directory.File("hostile.key"));

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var connection = await listener.AcceptTcpClientAsync(stop.Token);
                await using var tls = new SslStream(connection.GetStream());
                try
                {
                    await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(Hostile(), null, offline: true) }, stop.Token);
                    _ = await tls.ReadAsync(new byte[1], stop.Token); // until the client has verified the certificate
                }
                catch (Exception fault) when (fault is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // The client disconnected, as it should.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
