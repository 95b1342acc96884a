using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Notify;

/// <summary>
/// The secret that a receiver verifies deliveries with, or the deployment's secret, from which all of those are derived
/// and which signs nothing itself. Never printed.
/// </summary>
public sealed class WebhookSecret(byte[] key)
{
    private const string Prefix = "whsec_";

    /// <param name="text"><c>whsec_</c> and 24 to 64 bytes in base64, the format of Standard Webhooks.</param>
    public static WebhookSecret Parse(string text) => new(Convert.FromBase64String(text.Trim()[Prefix.Length..]));

    public static string Create() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>Derives the secret of one endpoint, which reveals nothing about this secret or any other.</summary>
    /// <param name="generation">From 1.</param>
    public WebhookSecret Derive(string endpointId, int generation) =>
        new(HMACSHA256.HashData(key,
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"webhook-endpoint|{endpointId}|{generation}"))));

    /// <summary>Derives the deployment's key, whose signatures anyone can verify.</summary>
    public WebhookKey DeriveKey() => new(HMACSHA256.HashData(key, "webhook-ed25519"u8));

    /// <summary>Returns the secret itself, for the only response that shows it.</summary>
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
