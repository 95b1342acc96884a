using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Bench.Chaos;
using CapOrleans.Core.Access;

namespace CapOrleans.Tests.Silo.Tls;

/// <summary>
/// What a process that does not belong to the cluster can reach. It is a real one: <c>tests/foreign</c>.
/// </summary>
[Collection(PostgresCollection.Name)]
public sealed class ForeignProcessTests(PostgresServer postgres) : IDisposable
{
    private readonly TempDirectory directory = new();

    private string AuthorityFile => directory.File("data/cluster-authority.pem");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_node_by_itself_listens_nowhere_but_at_its_API_and_its_gate()
    {
        await using var node = new Cluster(directory.File("data"), database: null, silos: 0, logs: 1);
        await node.StartAsync();
        Assert.Equal(
            new[] { node.Api.Setting("API_PORT"), node.Api.Setting("GATE_PORT") }.Order(),
            ListeningPorts(node.Api.Process.Id).Select(port => port.ToString(CultureInfo.InvariantCulture)).Order());
    }

    /// <returns>What the ports fetch when a stranger's certificate names the location of its issuer.</returns>
    private async Task<IEnumerable<string>> FetchedAsync(params string[] ports)
    {
        await using var issuer = await AnyServer.StartAsync();
        using var authority = TestCertificates.Authority("CN=nobody's");
        new TestCertificates(directory).Issue(authority, "stranger", TestCertificates.ForClients, $"http://127.0.0.1:{issuer.Port}/issuer");
        using var stranger = X509Certificate2.CreateFromPemFile(directory.File("stranger.pem"), directory.File("stranger.key"));
        foreach (var port in ports)
        {
            using var connection = new TcpClient("127.0.0.1", int.Parse(port, CultureInfo.InvariantCulture));
            await using var tls = new SslStream(connection.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = ClusterAuthority.NodeName, ClientCertificateContext = SslStreamCertificateContext.Create(stranger, null, offline: true), RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
            });
            try
            {
                Assert.Equal(0, await tls.ReadAsync(new byte[1])); // the port has verified the certificate when it closes the connection
            }
            catch (IOException)
            {
                // The connection was closed in this way too.
            }
        }

        return issuer.Calls.Select(call => call.Call);
    }

    [Fact]
    public async Task Without_a_cluster_certificate_a_process_gets_nothing_and_the_authority_rotates_under_load()
    {
        var database = await postgres.CreateAsync();
        await using var cluster = new Cluster(directory.File("data"), database, silos: 2, logs: 2);
        await cluster.StartAsync();
        var gateway = cluster.Silos[0].Setting("GATEWAY_PORT");
        using var silent = new SilentConnections();
        await silent.OpenAsync(1_500, gateway, cluster.Silos[0].Setting("SILO_PORT"));
        Assert.Equal("in", await ForeignAsync("client", gateway, AuthorityFile, "60")); // shows that a successful attempt below would be noticed
        Assert.StartsWith("out", await ForeignAsync("client", gateway), StringComparison.Ordinal);
        Assert.StartsWith("out", await ForeignAsync("client", gateway, directory.File("no-authority")), StringComparison.Ordinal);
        Assert.StartsWith("out", await ForeignAsync("client", cluster.Silos[0].Setting("SILO_PORT"), directory.File("no-authority")), StringComparison.Ordinal);
        Assert.StartsWith("out", await ForeignAsync("silo", cluster.Silos[0].Setting("SILO_PORT")), StringComparison.Ordinal);
        Assert.Empty(await FetchedAsync(gateway, cluster.Silos[0].Setting("SILO_PORT")));

        var before = directory.File("authority-before.pem");
        File.Copy(AuthorityFile, before);
        using var senders = new Senders(cluster, await cluster.RegisterAsync(4), 16, 1_000_000);
        senders.Start();
        var cap = new CapCommand(directory.Path, ("DATA_DIR", directory.File("data")));
        foreach (var (number, step) in new[] { "add", "switch", "drop" }.Index())
        {
            var (code, output) = await cap.RunAsync("authority", step);
            Assert.True(code == 0, output);
            var silo = cluster.Silos[number % 2]; // a silo that restarts opens new connections to all the others
            silo.Process.Signal(15);
            Assert.True(await silo.Process.ExitAsync() == 0, silo.Process.Output);
            await silo.StartAsync();
            var promised = senders.Promised.Count;
            await Eventually.TrueAsync(() => senders.Promised.Count > promised + 100);
        }

        await senders.StopAsync();
        Assert.Empty(senders.UnexpectedAnswers);
        Assert.Equal(1, (await cap.RunAsync("authority", "drop")).Code);
        Assert.StartsWith("out", await ForeignAsync("client", gateway, before), StringComparison.Ordinal);
        Assert.Equal("in", await ForeignAsync("client", gateway, AuthorityFile, "60"));
        Assert.Empty((await Checker.RunAsync(database, logs: 2, senders.Promised, senders.Offered)).Findings);
    }

    private static async Task<string> ForeignAsync(params string[] arguments) =>
        await Child.RunAsync("dotnet", [Repository.File("artifacts", "bin", "CapOrleans.Foreign", "release", "CapOrleans.Foreign.dll"), .. arguments]);

    /// <summary>Connections whose client never begins the handshake.</summary>
    private sealed class SilentConnections : IDisposable
    {
        private readonly List<System.Net.Sockets.TcpClient> clients = [];

        public async Task OpenAsync(int each, params string[] ports)
        {
            foreach (var port in ports.SelectMany(port => Enumerable.Repeat(int.Parse(port, CultureInfo.InvariantCulture), each)))
            {
                clients.Add(new System.Net.Sockets.TcpClient());
                await clients[^1].ConnectAsync(System.Net.IPAddress.Loopback, port);
            }
        }

        public void Dispose() => clients.ForEach(client => client.Dispose());
    }

    /// <summary>Returns the TCP ports on which a process listens, according to the kernel.</summary>
    private static IEnumerable<int> ListeningPorts(int process)
    {
        const string Listening = "0A";
        var sockets = Directory.EnumerateFiles($"/proc/{process}/fd").Select(file => new FileInfo(file).LinkTarget)
            .OfType<string>().Where(target => target.StartsWith("socket:[", StringComparison.Ordinal)).Select(target => target[8..^1]).ToHashSet();
        return new[] { "tcp", "tcp6" }.SelectMany(table => File.ReadLines($"/proc/{process}/net/{table}").Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(row => row[3] == Listening && sockets.Contains(row[9]))
            .Select(row => int.Parse(row[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
