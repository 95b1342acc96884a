using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CapOrleans.Core.Access;

/// <summary>
/// How a certificate that somebody else shows is checked. It may name any URL for its issuer or its revocation: nothing is fetched, since the
/// fetch would come from this machine, and hold up whoever checks.
/// </summary>
public static class CertificatePolicy
{
    public const string ForServers = "1.3.6.1.5.5.7.3.1", ForClients = "1.3.6.1.5.5.7.3.2";

    /// <returns>Of the machine's authorities.</returns>
    public static X509ChainPolicy OfMachine() => new() { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };

    /// <returns>Of these authorities alone.</returns>
    /// <param name="purposes">A certificate that says what it is for must say these.</param>
    public static X509ChainPolicy Of(X509Certificate2Collection authorities, params string[] purposes)
    {
        var policy = OfMachine();
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(authorities);
        foreach (var purpose in purposes)
        {
            policy.ApplicationPolicy.Add(new Oid(purpose));
        }

        return policy;
    }
}
