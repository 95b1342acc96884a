using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace CapOrleans.Core.Access;

/// <summary>
/// The certificate authority of one cluster. A peer with one of its certificates is a silo or an API of the
/// cluster, and can do anything that a grain can. Its text is PEM: certificates, all of which are trusted, and
/// private keys, the first of which issues.
/// </summary>
/// <remarks>
/// Rotation takes three steps, each of which must reach every node before the next: <see cref="WithNext"/>
/// (the new one is trusted), <see cref="Switched"/> (the new one issues), <see cref="WithoutOthers"/> (the
/// old one is no longer trusted).
/// </remarks>
public sealed class ClusterAuthority
{
    /// <summary>The DNS name in every node's certificate, whatever the machine's name.</summary>
    public const string NodeName = "caporleans-cluster";

    /// <summary>
    /// Validity of a node's certificate, which is created in memory and renewed long before it expires.
    /// </summary>
    public static readonly TimeSpan NodeLifetime = TimeSpan.FromDays(30);


    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(3650);

    /// <summary>Clocks of nodes differ: a certificate is valid from a day before it is created.</summary>
    private static readonly TimeSpan Backdated = TimeSpan.FromDays(1);

    private readonly IReadOnlyList<Pair> pairs;

    private ClusterAuthority(IReadOnlyList<Pair> pairs) => this.pairs = pairs;

    /// <summary>The certificates that a node trusts.</summary>
    public X509Certificate2Collection Trusted => new(pairs.Select(pair => pair.Certificate).ToArray());

    /// <returns>A new authority with one certificate.</returns>
    public static ClusterAuthority Create(DateTimeOffset now) => new([Pair.Create(now)]);

    /// <exception cref="CryptographicException">The text is not what <see cref="Export"/> writes; the message
    /// contains nothing of it.</exception>
    public static ClusterAuthority Parse(string pem)
    {
        var (certificates, keys) = (new X509Certificate2Collection(), new List<ECDsa>());
        certificates.ImportFromPem(pem);
        for (var rest = pem.AsSpan(); PemEncoding.TryFind(rest, out var found); rest = rest[found.Location.End..])
        {
            if (rest[found.Label].SequenceEqual("PRIVATE KEY"))
            {
                var key = ECDsa.Create();
                key.ImportFromPem(rest[found.Location]);
                keys.Add(key);
            }
        }

        var issuers = keys.ConvertAll(key => new Pair(
            certificates.FirstOrDefault(certificate => IsOf(certificate, key)) ?? throw new CryptographicException("A private key has no matching certificate."), key));
        var others = certificates.Where(certificate => !issuers.Exists(pair => pair.Certificate == certificate)).Select(certificate => new Pair(certificate, null));
        return issuers.Count > 0 ? new ClusterAuthority([.. issuers, .. others]) : throw new CryptographicException("There is no private key.");
    }

    /// <returns>
    /// A certificate with its key, for one process to present to the others, as a server and as a client.
    /// </returns>
    public X509Certificate2 Issue(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={NodeName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(NodeName);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(CertificatePolicy.ForServers), new Oid(CertificatePolicy.ForClients)], false));
        var (issuer, issuerKey) = (pairs[0].Certificate, pairs[0].Key!);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        using var certificate = request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuerKey), now - Backdated, now + NodeLifetime, RandomNumberGenerator.GetBytes(16));
        return certificate.CopyWithPrivateKey(key);
    }

    /// <summary>First step of a rotation: another authority is trusted as well.</summary>
    public ClusterAuthority WithNext(DateTimeOffset now) => new([.. pairs, Pair.Create(now)]);

    /// <summary>Second step: the newest authority issues.</summary>
    public ClusterAuthority Switched() => new([pairs[^1], .. pairs.SkipLast(1)]);

    /// <summary>Third step: only the authority that issues is trusted.</summary>
    public ClusterAuthority WithoutOthers() => new([pairs[0]]);

    /// <returns>The secret itself, for the one file that stores it.</returns>
    public string Export()
    {
        var text = new StringBuilder();
        foreach (var pair in pairs)
        {
            text.AppendLine(pair.Certificate.ExportCertificatePem());
            if (pair.Key is not null)
            {
                text.AppendLine(pair.Key.ExportPkcs8PrivateKeyPem());
            }
        }

        return text.ToString();
    }

    public override string ToString() => "[secret]";

    /// <returns>
    /// How a node verifies another's certificate: issued by this authority, for both sides of a
    /// connection; nothing is fetched.
    /// </returns>
    public static X509ChainPolicy PolicyOf(X509Certificate2Collection trusted) =>
        CertificatePolicy.Trusting(trusted, CertificatePolicy.ForServers, CertificatePolicy.ForClients);

    /// <summary>
    /// Whether a certificate states that it is for a server and for a client. A chain check accepts one that states
    /// nothing for every purpose, and an authority may have issued that one for mail.
    /// </summary>
    public static bool IsForBothSides(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(usage =>
            usage.EnhancedKeyUsages[CertificatePolicy.ForServers] is not null && usage.EnhancedKeyUsages[CertificatePolicy.ForClients] is not null);

    private static bool IsOf(X509Certificate2 certificate, ECDsa key)
    {
        using var held = certificate.GetECDsaPublicKey();
        return held is not null && held.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());
    }

    private sealed record Pair(X509Certificate2 Certificate, ECDsa? Key)
    {
        public static Pair Create(DateTimeOffset now)
        {
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN=CapOrleans cluster authority {RandomNumberGenerator.GetHexString(8, lowercase: true)}", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
            request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            using var certificate = request.CreateSelfSigned(now - Backdated, now + Lifetime);
            return new Pair(X509CertificateLoader.LoadCertificate(certificate.RawData), key);
        }
    }
}
