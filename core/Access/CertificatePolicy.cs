using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CapOrleans.Core.Access;

/// <summary>
/// How a peer's certificate is verified. It may name any URL for its issuer or its revocation: nothing is fetched,
/// since the request would come from this machine and delay the verification.
/// </summary>
public static class CertificatePolicy
{
    public const string ForServers = "1.3.6.1.5.5.7.3.1", ForClients = "1.3.6.1.5.5.7.3.2";

    /// <returns>A policy that trusts the machine's authorities.</returns>
    public static X509ChainPolicy TrustingMachine() => new() { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };

    /// <returns>A policy that trusts these authorities alone.</returns>
    /// <param name="purposes">OIDs of purposes that a certificate must state if it states any.</param>
    public static X509ChainPolicy Trusting(X509Certificate2Collection authorities, params string[] purposes)
    {
        var policy = TrustingMachine();
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(authorities);
        foreach (var purpose in purposes)
        {
            policy.ApplicationPolicy.Add(new Oid(purpose));
        }

        return policy;
    }
}
