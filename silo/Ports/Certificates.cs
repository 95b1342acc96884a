using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Core.Access;
using CapOrleans.Silo.Files;
using CapOrleans.Silo.Settings;
using CapOrleans.Silo.Tls;

namespace CapOrleans.Silo.Ports;

/// <summary>The certificates of one process.</summary>
internal sealed class Certificates(NodeSettings settings, ILoggerFactory logs)
{
    private readonly ILogger logger = logs.CreateLogger("CapOrleans.Tls");
    private readonly Reloaded<X509Certificate2Collection>? apiAuthorities = settings.Gate.ApiAuthorities is not { } file ? null : new(
        [file], Timeout.InfiniteTimeSpan, () => ServerTls.Import(file), TimeProvider.System, logs.CreateLogger("CapOrleans.Tls"));

    private readonly Reloaded<SslStreamCertificateContext>? gateAsClient = settings.Gate.ApiClient is not { } own ? null : new(
        own.All, Timeout.InfiniteTimeSpan, () => ServerTls.ReadOwn(own), TimeProvider.System, logs.CreateLogger("CapOrleans.Tls"));

    /// <summary>
    /// The certificate that this process's gate presents to an API; null for none. Called for each connection, so that
    /// a renewal needs no restart.
    /// </summary>
    public Func<SslStreamCertificateContext>? GateClientCertificate => gateAsClient is null ? null : () => gateAsClient.Current;

    /// <summary>Null for plain HTTP, like <see cref="Gate"/>.</summary>
    public Reloaded<ServerTls>? Api { get; } = Of(settings.ApiTls, logs);

    public Reloaded<ServerTls>? Gate { get; } = Of(settings.Gate.Tls, logs);

    public ClusterTls OfCluster(DataDirectory data) => settings.ClusterTls is { } files
        ? ClusterTls.OfFiles(files, TimeProvider.System, logger)
        : ClusterTls.OfAuthority(data.ClusterAuthorityFile(), TimeProvider.System, logger);

    /// <summary>
    /// Whether this process's gate accepts a certificate as an API's: that of this process's own API, or one for the
    /// host name called, issued by <c>Gate__ApiAuthorities</c> or, without that setting, by the machine's authorities.
    /// </summary>
    public bool IsTrustedApi(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 shown || Api?.Current.Fingerprint == shown.GetCertHashString(HashAlgorithmName.SHA256))
        {
            return certificate is not null;
        }

        if (apiAuthorities is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return errors == SslPolicyErrors.None;
        }

        using var ours = new X509Chain { ChainPolicy = CertificatePolicy.Trusting(apiAuthorities.Current, CertificatePolicy.ForServers) };
        foreach (var element in chain?.ChainElements.AsEnumerable() ?? [])
        {
            ours.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return ours.Build(shown);
    }

    private static Reloaded<ServerTls>? Of(TlsFiles? files, ILoggerFactory logs) => files is null ? null : new Reloaded<ServerTls>(
        files.All, Timeout.InfiniteTimeSpan, () => ServerTls.Read(files), TimeProvider.System, logs.CreateLogger("CapOrleans.Tls"));
}
