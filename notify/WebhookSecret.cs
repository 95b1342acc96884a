using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Notify;

/// <summary>What receivers verify deliveries with; it does not print.</summary>
public sealed class WebhookSecret(byte[] key)
{
    private const string Prefix = "whsec_";

    /// <param name="text"><c>whsec_</c> and 24 to 64 bytes in base64, as Standard Webhooks writes it.</param>
    public static WebhookSecret Parse(string text) => new(Convert.FromBase64String(text.Trim()[Prefix.Length..]));

    public static string Create() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <returns><c>v1,</c> and HMAC-SHA256 over <c>id.timestamp.body</c> in base64.</returns>
    public string Sign(string id, long timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{id}.{timestamp}.")));
        hmac.AppendData(body);
        return $"v1,{Convert.ToBase64String(hmac.GetHashAndReset())}";
    }

    public override string ToString() => "[secret]";
}
