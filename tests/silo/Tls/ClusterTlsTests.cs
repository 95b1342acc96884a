using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Core.Access;
using CapOrleans.Silo.Settings;
using CapOrleans.Silo.Tls;
using Microsoft.Extensions.Logging;
using Orleans.Connections.Security;

namespace CapOrleans.Tests.Silo.Tls;

/// <summary>Which certificates of an operator's own authority a node accepts.</summary>
public sealed class ClusterTlsTests : IDisposable
{
    private const string Server = TestCertificates.ForServers, Client = TestCertificates.ForClients;

    private readonly TempDirectory directory = new();
    private readonly TestCertificates certificates;
    private readonly X509Certificate2 authority = TestCertificates.Authority("CN=ours");

    public ClusterTlsTests()
    {
        certificates = new TestCertificates(directory);
        certificates.Write(authority, "authorities");
        certificates.Issue(authority, "own", [Server, Client], ClusterAuthority.NodeName);
    }

    public void Dispose()
    {
        authority.Dispose();
        directory.Dispose();
    }

    [Theory]
    [InlineData(ClusterAuthority.NodeName, "", Server, Client)]
    [InlineData(ClusterAuthority.NodeName, "extended key usage")]
    [InlineData(ClusterAuthority.NodeName, "NotValidForUsage", Server)]
    [InlineData(ClusterAuthority.NodeName, "NotValidForUsage", Client)]
    [InlineData("elsewhere.example", "DNS name", Server, Client)]
    public void A_peer_shows_a_certificate_with_the_cluster_s_name_for_server_and_client(string host, string fault, params string[] purposes)
    {
        certificates.Issue(authority, "peer", purposes, host);
        var logger = new Messages();
        var tls = ClusterTls.OfFiles(Files("own"), TimeProvider.System, logger);
        var options = new TlsOptions();
        tls.Configure(options);
        using var peer = X509Certificate2.CreateFromPemFile(directory.File("peer.pem"), directory.File("peer.key"));
        Assert.Equal(fault.Length == 0, options.RemoteCertificateValidation!(peer, null, SslPolicyErrors.None));
        Assert.Equal(fault.Length == 0 ? 0 : 1, logger.All.Count);
        Assert.All(logger.All, message => Assert.Contains(fault, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, Server, Client)]
    [InlineData(false)]
    [InlineData(false, Server)]
    public void A_node_whose_own_certificate_the_others_would_refuse_says_so_at_the_start(bool canStart, params string[] purposes)
    {
        certificates.Issue(authority, "given", purposes, ClusterAuthority.NodeName);
        var files = Files("given");
        void Read() => SettingsReader.Read(name => name switch
        {
            "Cluster__TlsCertificate" => files.Certificate,
            "Cluster__TlsKey" => files.Key,
            "Cluster__TlsAuthorities" => files.ClientAuthorities,
            _ => null,
        });
        if (canStart)
        {
            Read();
            return;
        }

        Assert.Contains("serverAuth and clientAuth", Assert.Single(Assert.Throws<SettingsException>(Read).Faults), StringComparison.Ordinal);
    }

    private TlsFiles Files(string name) => new(directory.File($"{name}.pem"), directory.File($"{name}.key"), directory.File("authorities.pem"));

    private sealed class Messages : ILogger
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            All.Add(formatter(state, exception));
    }
}
