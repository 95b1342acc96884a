using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Core.Access;
using CapOrleans.Silo.Files;

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

    /// <summary>For one connection.</summary>
    public SslServerAuthenticationOptions ForConnection()
    {
        var options = new SslServerAuthenticationOptions { ServerCertificateContext = own, ClientCertificateRequired = clientAuthorities.Count > 0 };
        if (options.ClientCertificateRequired)
        {
            options.CertificateChainPolicy = CertificatePolicy.Of(clientAuthorities, CertificatePolicy.ForClients);
        }

        return options;
    }
}
