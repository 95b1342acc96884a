using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Silo.Tls;

/// <summary>PEM files of a port with https.</summary>
/// <param name="Certificate">The certificate, with what stands between it and its root.</param>
/// <param name="ClientAuthorities">A client's certificate must be of one of these; null for clients without one.</param>
public sealed record TlsFiles(string Certificate, string Key, string? ClientAuthorities)
{
    internal IReadOnlyList<string> All => ClientAuthorities is null ? [Certificate, Key] : [Certificate, Key, ClientAuthorities];
}

/// <summary>What a port with https shows, and whom it lets in.</summary>
internal sealed class ServerTls
{
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1", ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly SslStreamCertificateContext own;
    private readonly X509Certificate2Collection clientAuthorities;

    private ServerTls(SslStreamCertificateContext own, X509Certificate2Collection clientAuthorities) => (this.own, this.clientAuthorities) = (own, clientAuthorities);

    /// <summary>SHA-256 of the certificate that is shown.</summary>
    public string Fingerprint => own.TargetCertificate.GetCertHashString(HashAlgorithmName.SHA256);

    /// <exception cref="CryptographicException">A file holds something else.</exception>
    public static ServerTls Read(TlsFiles files) =>
        new(ReadOwn(files), files.ClientAuthorities is null ? [] : Import(files.ClientAuthorities));

    /// <returns>The certificate that is shown, with what stands between it and its root.</returns>
    /// <exception cref="CryptographicException">A file holds something else.</exception>
    public static SslStreamCertificateContext ReadOwn(TlsFiles files) => SslStreamCertificateContext.Create(
        Own(files), Import(files.Certificate), offline: true);

    /// <returns>The certificate with its key.</returns>
    public static X509Certificate2 Own(TlsFiles files) => X509Certificate2.CreateFromPem(
        RegularFile.ReadText(files.Certificate, RegularFile.MaxCertificateBytes), RegularFile.ReadText(files.Key));

    public static X509Certificate2Collection Import(string file)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(RegularFile.ReadText(file, RegularFile.MaxCertificateBytes));
        return certificates.Count > 0 ? certificates : throw new CryptographicException("it holds no certificate");
    }

    /// <summary>For one connection. A stranger's certificate may name any URL: nothing is fetched.</summary>
    public SslServerAuthenticationOptions ForConnection()
    {
        var options = new SslServerAuthenticationOptions { ServerCertificateContext = own, ClientCertificateRequired = clientAuthorities.Count > 0 };
        if (options.ClientCertificateRequired)
        {
            options.CertificateChainPolicy = PolicyOf(clientAuthorities, ClientAuthentication);
        }

        return options;
    }

    /// <returns>
    /// Of these authorities alone, for that purpose: a certificate that says what it is for must say this as well. Nothing is fetched.
    /// </returns>
    public static X509ChainPolicy PolicyOf(X509Certificate2Collection authorities, string purpose)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.AddRange(authorities);
        policy.ApplicationPolicy.Add(new Oid(purpose));
        return policy;
    }
}
