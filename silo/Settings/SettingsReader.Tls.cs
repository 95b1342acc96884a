using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Core.Access;
using CapOrleans.Silo.Tls;

namespace CapOrleans.Silo.Settings;

/// <summary>Reads certificates.</summary>
public sealed partial class SettingsReader
{
    /// <summary>
    /// Tries every file, so that a fault shows at the start; the files are read again whenever they change.
    /// </summary>
    /// <param name="authoritiesName">Null where peers are not asked for a certificate.</param>
    private TlsFiles? ReadTls(string certificateName, string keyName, string? authoritiesName = null)
    {
        var (certificate, key, authorities) = (Text(certificateName), Text(keyName), authoritiesName is null ? null : Text(authoritiesName));
        if (certificate is null && key is null && authorities is null)
        {
            return null;
        }

        if (certificate is null || key is null)
        {
            faults.Add($"{certificateName} and {keyName} belong together: name a PEM file with the certificate and one with its key.");
            return null;
        }

        var files = new TlsFiles(certificate, key, authorities);
        var canUse = CanUse(certificateName, () => ServerTls.Read(files with { ClientAuthorities = null }));
        return (authorities is null || CanUse(authoritiesName!, () => ServerTls.Import(authorities))) && canUse ? files : null;
    }

    private TlsFiles? ReadClusterTls()
    {
        var files = ReadTls("Cluster__TlsCertificate", "Cluster__TlsKey", "Cluster__TlsAuthorities");
        if (files is { ClientAuthorities: null })
        {
            faults.Add("Cluster__TlsAuthorities is not set: name a PEM file with the authorities that issue " +
                "certificates for this cluster, and for nothing else.");
        }

        if (files is not null)
        {
            using var own = ServerTls.Own(files);
            if (!ClusterAuthority.IsForBothSides(own))
            {
                faults.Add($"Cluster__TlsCertificate is '{files.Certificate}', and other nodes would refuse it: its extended key usage must be serverAuth and clientAuth.");
            }
        }

        return files;
    }

    private TlsFiles? ReadGateClientTls()
    {
        if (ReadTls("Gate__ApiClientCertificate", "Gate__ApiClientKey") is not { } files)
        {
            return null;
        }

        using var own = ServerTls.Own(files);
        if (own.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(usage => usage.EnhancedKeyUsages[CertificatePolicy.ForClients] is null))
        {
            faults.Add($"Gate__ApiClientCertificate is '{files.Certificate}', and an API would refuse it: its extended key usage lacks clientAuth.");
        }

        return files;
    }

    /// <summary>
    /// Detects a gate that this process's own API would refuse: to the gate, the cluster would seem unreachable.
    /// </summary>
    private void CheckOwnGate(NodeSettings settings)
    {
        if (Text("Api__ClientAuthorities") is not null && Text("Gate__ApiClientCertificate") is null
            && settings.Gate.Apis.Count == 0 && settings.Roles.HasFlag(NodeRoles.Gate))
        {
            faults.Add("Api__ClientAuthorities is set, so the API would refuse this process's gate: set Gate__ApiClientCertificate and "
                + "Gate__ApiClientKey to a client certificate of these authorities and its key, or remove gate from ROLES.");
        }
    }

    private bool CanUse(string name, Func<object> load)
    {
        try
        {
            return load() is not null;
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add($"{name} is '{Text(name)}', which cannot be used: {fault.Message}");
            return false;
        }
    }
}
