using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Notify;

/// <summary>What receivers verify deliveries with, or the deployment's secret that all of those are derived from and that signs nothing
/// itself; it does not print.</summary>
public sealed class WebhookSecret(byte[] key)
{
    private const string Prefix = "whsec_";

    /// <param name="text"><c>whsec_</c> and 24 to 64 bytes in base64, as Standard Webhooks writes it.</param>
    public static WebhookSecret Parse(string text) => new(Convert.FromBase64String(text.Trim()[Prefix.Length..]));

    public static string Create() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>The secret of one endpoint: whoever knows it learns nothing of this one, nor of any other.</summary>
    /// <param name="generation">From 1.</param>
    public WebhookSecret Derive(string endpointId, int generation) =>
        new(HMACSHA256.HashData(key,
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"webhook-endpoint|{endpointId}|{generation}"))));

    /// <summary>The deployment's key for signatures that anybody can verify.</summary>
    public WebhookKey DeriveKey() => new(HMACSHA256.HashData(key, "webhook-ed25519"u8));

    /// <summary>The secret itself, for the one answer that shows it.</summary>
    public string Export() => Prefix + Convert.ToBase64String(key);

    /// <returns><c>v1,</c> and HMAC-SHA256 over <c>id.timestamp.body</c> in base64.</returns>
    public string Sign(string id, long timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        hmac.AppendData(body);
        return $"v1,{Convert.ToBase64String(hmac.GetHashAndReset())}";
    }

    public override string ToString() => "[secret]";
}
