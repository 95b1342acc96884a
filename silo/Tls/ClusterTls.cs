using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Core.Access;
using CapOrleans.Silo.Files;
using Orleans.Connections.Security;

namespace CapOrleans.Silo.Tls;

/// <summary>The certificate that a process presents within its cluster, and the authorities that it trusts.</summary>
internal sealed record NodeCertificates(X509Certificate2 Own, X509Certificate2Collection Trusted);

/// <summary>
/// Mutual TLS between the processes of a cluster: silo to silo, API to silo. Whoever can call a grain can do anything,
/// so a process without a certificate of the cluster's authority is refused. Certificates are read again when their
/// files change, so that an authority can be replaced while the cluster runs.
/// </summary>
internal sealed partial class ClusterTls
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(1);

    private readonly Reloaded<NodeCertificates> certificates;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private long loggedAt;

    private ClusterTls(IReadOnlyList<string> files, Func<NodeCertificates> read, TimeProvider time, ILogger logger)
    {
        (this.time, this.logger) = (time, logger);
        certificates = new Reloaded<NodeCertificates>(files, ClusterAuthority.NodeLifetime / 3, read, time, logger);
        _ = certificates.Current; // here, so that a fault fails the start
    }

    /// <summary>With certificates that the process issues itself, from the authority in the data directory.</summary>
    public static ClusterTls OfAuthority(string file, TimeProvider time, ILogger logger) => new(
        [file],
        () => ReadAuthority(file) is var authority ? new NodeCertificates(authority.Issue(time.GetUtcNow()), authority.Trusted) : null!,
        time, logger);

    /// <exception cref="InvalidDataException">
    /// The file is damaged; the message names it and repeats none of its content.
    /// </exception>
    private static ClusterAuthority ReadAuthority(string file)
    {
        try
        {
            return ClusterAuthority.Parse(RegularFile.ReadText(file));
        }
        catch (CryptographicException fault)
        {
            throw new InvalidDataException($"{file} does not contain a cluster authority: {fault.Message} Copy it " +
                "from another node of the cluster.", fault);
        }
    }

    /// <summary>With certificates that an operator provides.</summary>
    /// <param name="files">Including the authorities that issue for this cluster, and for nothing else.</param>
    public static ClusterTls OfFiles(TlsFiles files, TimeProvider time, ILogger logger) => new(
        files.All,
        () => new NodeCertificates(ServerTls.Own(files), ServerTls.Import(files.ClientAuthorities!)),
        time, logger);

    public void Configure(TlsOptions options)
    {
        options.LocalCertificate = certificates.Current.Own;
        options.LocalServerCertificateSelector = (_, _) => certificates.Current.Own;
        options.LocalClientCertificateSelector = (_, _, _, _, _) => certificates.Current.Own;
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateValidation = IsOfCluster;
        // The peer's chain is built before the callback above is called, and must be built with this policy.
        options.OnAuthenticateAsServer = (_, connection) => ((SslServerAuthenticationOptions)connection.SslServerAuthenticationOptions).CertificateChainPolicy = ClusterAuthority.PolicyOf(certificates.Current.Trusted);
        options.OnAuthenticateAsClient = (_, connection) =>
        {
            connection.TargetHost = ClusterAuthority.NodeName;
            ((SslClientAuthenticationOptions)connection.SslClientAuthenticationOptions).CertificateChainPolicy = ClusterAuthority.PolicyOf(certificates.Current.Trusted);
        };
        options.SslProtocols = System.Security.Authentication.SslProtocols.Tls13;
    }

    /// <summary>
    /// Whether a certificate was issued by a trusted authority, under the cluster's name, for both server and client. A
    /// chain that the handshake found at fault is not built again: a stranger's may cost a tenth of a second.
    /// </summary>
    private bool IsOfCluster(X509Certificate2 certificate, X509Chain? given, SslPolicyErrors errors)
    {
        using var chain = new X509Chain { ChainPolicy = ClusterAuthority.PolicyOf(certificates.Current.Trusted) };
        if (given is not null)
        {
            foreach (var element in given.ChainElements)
            {
                chain.ChainPolicy.ExtraStore.Add(element.Certificate);
            }
        }

        var fault = given is not null && errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? StatusOf(given)
            : !chain.Build(certificate) ? StatusOf(chain)
            : !certificate.MatchesHostname(ClusterAuthority.NodeName, allowCommonName: false) ? $"it lacks the DNS name {ClusterAuthority.NodeName}"
            : !ClusterAuthority.IsForBothSides(certificate) ? "its extended key usage is not serverAuth and clientAuth"
            : null;
        if (fault is null)
        {
            return true;
        }

        var last = Volatile.Read(ref loggedAt);
        if ((last == 0 || time.GetElapsedTime(last) >= LogInterval) && Interlocked.CompareExchange(ref loggedAt, time.GetTimestamp(), last) == last)
        {
            LogForeign(fault);
        }

        return false;
    }

    private static string StatusOf(X509Chain chain) => string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct());

    [LoggerMessage(631, LogLevel.Warning, "Refused a peer whose certificate is not one of this cluster's ({Fault}). " +
        "Nodes of one cluster share DATA_DIR/cluster-authority.pem, or have Cluster__Tls... set.")]
    private partial void LogForeign(string fault);
}
