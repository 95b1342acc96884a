using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Gate.Settings;

/// <summary>
/// The token that the gate's own operators present: <c>gate_</c> and 256 random bits as 64 hex digits. It gives no
/// access to the cluster, and the cluster's API keys give none to the gate.
/// </summary>
public sealed class GateToken
{
    private const string Prefix = "gate_";
    private const int SecretDigits = 64;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string text;

    private GateToken(string text) => this.text = text;

    private byte[] Hash => HashOf(text);

    public static GateToken Create() => new($"{Prefix}{RandomNumberGenerator.GetHexString(SecretDigits, lowercase: true)}");

    public static bool TryParse(string? text, [NotNullWhen(true)] out GateToken? token)
    {
        var isToken = text?.Length == Prefix.Length + SecretDigits && text.StartsWith(Prefix, StringComparison.Ordinal)
            && !text.AsSpan(Prefix.Length).ContainsAnyExcept(HexDigits);
        token = isToken ? new GateToken(text!) : null;
        return isToken;
    }

    /// <summary>Compares in constant time.</summary>
    public bool Is(string given) => CryptographicOperations.FixedTimeEquals(HashOf(given), Hash);

    public string Export() => text;

    public override string ToString() => "[secret]";

    private static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
