using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Core.Access;
using CapOrleans.Silo.Files;

namespace CapOrleans.Silo.Tls;

/// <summary>The PEM files of an endpoint with TLS.</summary>
/// <param name="Certificate">The certificate with its intermediates.</param>
/// <param name="ClientAuthorities">
/// One of these must have issued a client's certificate; null for clients without one.
/// </param>
public sealed record TlsFiles(string Certificate, string Key, string? ClientAuthorities)
{
    internal IReadOnlyList<string> All => ClientAuthorities is null ? [Certificate, Key] : [Certificate, Key, ClientAuthorities];
}

/// <summary>The certificate that an https port presents, and the authorities whose clients it accepts.</summary>
internal sealed class ServerTls
{
    private readonly SslStreamCertificateContext own;
    private readonly X509Certificate2Collection clientAuthorities;

    private ServerTls(SslStreamCertificateContext own, X509Certificate2Collection clientAuthorities) => (this.own, this.clientAuthorities) = (own, clientAuthorities);

    /// <summary>SHA-256 of the certificate that is presented.</summary>
    public string Fingerprint => own.TargetCertificate.GetCertHashString(HashAlgorithmName.SHA256);

    /// <exception cref="CryptographicException">A file contains something else.</exception>
    public static ServerTls Read(TlsFiles files) =>
        new(ReadOwn(files), files.ClientAuthorities is null ? [] : Import(files.ClientAuthorities));

    /// <returns>The certificate that is presented, with its intermediates.</returns>
    /// <exception cref="CryptographicException">A file contains something else.</exception>
    public static SslStreamCertificateContext ReadOwn(TlsFiles files) => SslStreamCertificateContext.Create(
        Own(files), Import(files.Certificate), offline: true);

    /// <returns>The certificate with its key.</returns>
    public static X509Certificate2 Own(TlsFiles files) => X509Certificate2.CreateFromPem(
        RegularFile.ReadText(files.Certificate, RegularFile.MaxCertificateBytes), RegularFile.ReadText(files.Key));

    public static X509Certificate2Collection Import(string file)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(RegularFile.ReadText(file, RegularFile.MaxCertificateBytes));
        return certificates.Count > 0 ? certificates : throw new CryptographicException("it contains no certificate");
    }

    /// <summary>Returns the options of one connection.</summary>
    public SslServerAuthenticationOptions ForConnection()
    {
        var options = new SslServerAuthenticationOptions { ServerCertificateContext = own, ClientCertificateRequired = clientAuthorities.Count > 0 };
        if (options.ClientCertificateRequired)
        {
            options.CertificateChainPolicy = CertificatePolicy.Trusting(clientAuthorities, CertificatePolicy.ForClients);
        }

        return options;
    }
}
