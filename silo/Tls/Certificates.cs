using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Silo.Tls;

/// <summary>The certificates of one process.</summary>
internal sealed class Certificates(NodeSettings settings, ILoggerFactory logs)
{
    private readonly ILogger logger = logs.CreateLogger("CapOrleans.Tls");

    /// <summary>Null for plain HTTP, as the gate's.</summary>
    public Reloaded<ServerTls>? Api { get; } = Of(settings.ApiTls, logs);

    public Reloaded<ServerTls>? Gate { get; } = Of(settings.Gate.Tls, logs);

    public ClusterTls OfCluster(DataDirectory data) => settings.ClusterTls is { } files
        ? ClusterTls.OfFiles(files, TimeProvider.System, logger)
        : ClusterTls.OfAuthority(data.ClusterAuthorityFile(), TimeProvider.System, logger);

    /// <summary>Whom this process's gate takes for an API: whoever the machine's authorities vouch for, and the API of this process, by its certificate.</summary>
    public bool IsApi(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None || (certificate is not null && Api?.Current.Fingerprint == certificate.GetCertHashString(HashAlgorithmName.SHA256));

    private static Reloaded<ServerTls>? Of(TlsFiles? files, ILoggerFactory logs) => files is null ? null : new Reloaded<ServerTls>(
        files.All, Timeout.InfiniteTimeSpan, () => ServerTls.Read(files), TimeProvider.System, logs.CreateLogger("CapOrleans.Tls"));
}
