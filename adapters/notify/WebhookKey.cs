using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace CapOrleans.Notify;

/// <summary>
/// The deployment's Ed25519 key for the <c>v1a</c> signatures of Standard Webhooks: a receiver that verifies with the
/// public key needs no secret, and cannot lose one. Never printed.
/// </summary>
/// <param name="seed">32 bytes.</param>
public sealed class WebhookKey(byte[] seed)
{
    private readonly Ed25519PrivateKeyParameters key = new(seed);

    /// <summary>32 bytes.</summary>
    public byte[] PublicKey => key.GeneratePublicKey().GetEncoded();

    /// <summary>The public key's thumbprint (RFC 7638), by which a receiver finds it in the key set.</summary>
    public string KeyId => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(
        $$"""{"crv":"Ed25519","kty":"OKP","x":"{{Base64Url.EncodeToString(PublicKey)}}"}""")));

    /// <returns><c>v1a,</c> and Ed25519 over <c>id.timestamp.body</c> in base64.</returns>
    public string Sign(string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var signer = new Ed25519Signer();
        signer.Init(forSigning: true, key);
        signer.BlockUpdate(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        signer.BlockUpdate(body);
        return $"v1a,{Convert.ToBase64String(signer.GenerateSignature())}";
    }

    public override string ToString() => "[key]";
}
