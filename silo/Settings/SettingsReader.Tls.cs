using System.Security.Cryptography;
using CapOrleans.Core.Access;
using CapOrleans.Silo.Tls;

namespace CapOrleans.Silo.Settings;

/// <summary>Certificates, and whom to believe about where a request came from.</summary>
public sealed partial class SettingsReader
{
    /// <summary>Every file is tried here, so that a fault shows at the start; they are read again whenever they change.</summary>
    private TlsFiles? ReadTls(string certificateName, string keyName, string authoritiesName)
    {
        var (certificate, key, authorities) = (Text(certificateName), Text(keyName), Text(authoritiesName));
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
        return (authorities is null || CanUse(authoritiesName, () => ServerTls.Import(authorities))) && canUse ? files : null;
    }

    private TlsFiles? ReadClusterTls()
    {
        var files = ReadTls("Cluster__TlsCertificate", "Cluster__TlsKey", "Cluster__TlsAuthorities");
        if (files is { ClientAuthorities: null })
        {
            faults.Add("Cluster__TlsAuthorities is not set: name a PEM file with the authorities that issue for this cluster, and for nobody else.");
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
