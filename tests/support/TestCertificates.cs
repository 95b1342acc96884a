using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CapOrleans.Tests.Support;

/// <summary>
/// Writes certificates and keys as PEM files into a test's folder, and creates the authorities that issue them.
/// </summary>
public sealed class TestCertificates(TempDirectory directory)
{
    public const string ForServers = "1.3.6.1.5.5.7.3.1", ForClients = "1.3.6.1.5.5.7.3.2";

    public static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(30));
    }

    /// <summary>Writes NAME.pem and NAME.key, valid for localhost and 127.0.0.1.</summary>
    /// <param name="issuers">URL in the certificate for fetching its issuer's; null for none.</param>
    public void Issue(X509Certificate2 authority, string name, string purpose, string? issuers = null) =>
        Issue(authority, name, [purpose], "localhost", issuers);

    /// <summary>Writes NAME.pem and NAME.key, valid for a host and 127.0.0.1.</summary>
    /// <param name="purposes">Extended key usages; empty for a certificate without the extension.</param>
    public void Issue(X509Certificate2 authority, string name, string[] purposes, string host, string? issuers = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        if (purposes.Length > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. purposes.Select(purpose => new Oid(purpose))], false));
        }

        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        if (issuers is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([], [issuers]));
        }

        using var certificate = request.Create(authority, TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(29), RandomNumberGenerator.GetBytes(8));
        Write(certificate, name);
        File.WriteAllText(directory.File($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
    }

    public void Write(X509Certificate2 certificate, string name) => File.WriteAllText(directory.File($"{name}.pem"), certificate.ExportCertificatePem());
}
