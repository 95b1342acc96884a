using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Core.Access;

namespace CapOrleans.Cli;

/// <summary>
/// TLS settings of this host for https, the trusted authorities and its own certificate: <c>CAP_TLS_CA</c>,
/// <c>CAP_TLS_CERTIFICATE</c> and <c>CAP_TLS_KEY</c>, each a PEM file.
/// </summary>
internal static class TlsSettings
{
    /// <summary>Settings for servers that are not ours.</summary>
    public static SslClientAuthenticationOptions OfMachine() => new() { CertificateChainPolicy = CertificatePolicy.TrustingMachine() };

    /// <summary>
    /// Reads the settings; without any, the machine's own authorities are trusted and no certificate is sent.
    /// </summary>
    public static SslClientAuthenticationOptions Read()
    {
        var options = OfMachine();
        try
        {
            if (CapEnvironment.Text("CAP_TLS_CA") is { } authorities)
            {
                var trusted = new X509Certificate2Collection();
                trusted.ImportFromPemFile(authorities);
                options.CertificateChainPolicy = CertificatePolicy.Trusting(trusted);
            }

            if (CapEnvironment.Text("CAP_TLS_CERTIFICATE") is { } certificate)
            {
                var key = CapEnvironment.Text("CAP_TLS_KEY") ?? throw new CryptographicException("its key is missing; see CAP_TLS_KEY");
                var chain = new X509Certificate2Collection();
                chain.ImportFromPemFile(certificate);
                options.ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(certificate, key), chain, offline: true);
            }
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"CAP_TLS_CA, CAP_TLS_CERTIFICATE or CAP_TLS_KEY cannot be used: {fault.Message}");
        }

        return options;
    }
}
