using System.Text;
using CapOrleans.Notify;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace CapOrleans.Tests.Notify;

public sealed class WebhookKeyTests
{
    /// <summary>The example of Standard Webhooks for <c>v1a</c>, and ours by the same rule.</summary>
    [Fact]
    public void Signatures_follow_Standard_Webhooks()
    {
        const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek", Body = """{"test": 2432232314}""";
        var published = Convert.FromBase64String("1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
        Assert.True(Verifies(published, "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
            $"{Id}.1614265330.{Body}"));

        var key = WebhookSecret.Parse(WebhookSecret.Create()).DeriveKey();
        var signature = key.Sign(Id, 1614265330, Encoding.UTF8.GetBytes(Body));
        Assert.True(Verifies(key.PublicKey, signature, $"{Id}.1614265330.{Body}"));
        Assert.False(Verifies(key.PublicKey, signature, $"{Id}.1614265331.{Body}"));
    }

    [Fact]
    public void The_key_belongs_to_the_deployment_and_never_changes()
    {
        var text = WebhookSecret.Create();
        var (one, same, other) = (WebhookSecret.Parse(text).DeriveKey(), WebhookSecret.Parse(text).DeriveKey(),
            WebhookSecret.Parse(WebhookSecret.Create()).DeriveKey());
        Assert.Equal((one.KeyId, Convert.ToHexString(one.PublicKey)), (same.KeyId, Convert.ToHexString(same.PublicKey)));
        Assert.NotEqual(one.KeyId, other.KeyId);
        Assert.Equal("[key]", $"{one}");
    }

    private static bool Verifies(byte[] key, string signature, string text)
    {
        var verifier = new Ed25519Signer();
        verifier.Init(forSigning: false, new Ed25519PublicKeyParameters(key));
        verifier.BlockUpdate(Encoding.UTF8.GetBytes(text));
        return verifier.VerifySignature(Convert.FromBase64String(signature["v1a,".Length..]));
    }
}
