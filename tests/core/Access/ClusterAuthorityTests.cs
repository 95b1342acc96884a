using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Core.Access;

namespace CapOrleans.Tests.Core.Access;

/// <summary>Which certificates are accepted, and how an authority is replaced.</summary>
public sealed class ClusterAuthorityTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [Fact]
    public void A_certificate_of_the_authority_serves_both_sides_and_one_of_another_is_refused()
    {
        var (authority, other) = (ClusterAuthority.Create(Now), ClusterAuthority.Create(Now));
        Assert.True(IsTaken(authority, authority.Issue(Now)));
        Assert.False(IsTaken(authority, other.Issue(Now)));
        Assert.True(authority.Issue(Now).MatchesHostname(ClusterAuthority.NodeName));
        Assert.False(IsTaken(authority, SelfSigned()));
    }

    [Fact]
    public void What_is_written_reads_back_and_a_damaged_file_is_reported_without_its_content()
    {
        var authority = ClusterAuthority.Create(Now);
        Assert.True(IsTaken(ClusterAuthority.Parse(authority.Export()), authority.Issue(Now)));
        Assert.True(IsTaken(authority, ClusterAuthority.Parse(authority.Export()).Issue(Now)));
        var text = authority.Export();
        foreach (var damaged in new[] { "", "nothing", text[..(text.Length / 2)], text.Replace("CERTIFICATE", "CERTIFICAT", StringComparison.Ordinal) })
        {
            Assert.ThrowsAny<CryptographicException>(() => ClusterAuthority.Parse(damaged));
        }

        Assert.Equal("[secret]", authority.ToString());
    }

    [Fact]
    public void At_each_step_of_a_rotation_nodes_accept_those_of_the_step_before()
    {
        var old = ClusterAuthority.Create(Now);
        var both = ClusterAuthority.Parse(old.WithNext(Now).Export());
        var switched = ClusterAuthority.Parse(both.Switched().Export());
        var last = ClusterAuthority.Parse(switched.WithoutOthers().Export());
        foreach (var (a, b) in new[] { (old, both), (both, switched), (switched, last) })
        {
            Assert.True(IsTaken(a, b.Issue(Now)) && IsTaken(b, a.Issue(Now)));
        }

        Assert.False(IsTaken(last, old.Issue(Now)));
        Assert.False(IsTaken(old, last.Issue(Now)));
    }

    private static bool IsTaken(ClusterAuthority authority, X509Certificate2 certificate)
    {
        using var chain = new X509Chain { ChainPolicy = ClusterAuthority.PolicyOf(authority.Trusted) };
        return chain.Build(certificate);
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest($"CN={ClusterAuthority.NodeName}", key, HashAlgorithmName.SHA256).CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
    }
}
