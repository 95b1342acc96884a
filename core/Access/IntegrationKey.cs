using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Core.Access;

/// <summary>
/// The key of an integration: 128 random bits as 32 hex digits, the form of PagerDuty's <c>routing_key</c>. It is shown
/// once; only its SHA-256 is stored.
/// </summary>
public static class IntegrationKey
{
    public const int Length = 32;

    public static string Create() => RandomNumberGenerator.GetHexString(Length, lowercase: true);

    public static string CreateId() => RandomNumberGenerator.GetHexString(8, lowercase: true);

    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
