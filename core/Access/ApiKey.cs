using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using CapOrleans.Contracts.Access;

namespace CapOrleans.Core.Access;

/// <summary>
/// An operator's API key, <c>cap_ID_SECRET</c>: 8 hex digits for lookup, and 256 random bits as 64 hex digits. It is
/// shown once; only its SHA-256 is stored, which needs no salt and no slow hash because 256 bits cannot be guessed.
/// </summary>
public sealed class ApiKey
{
    private const int IdDigits = 8, SecretDigits = 64;
    private const string Prefix = "cap_";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private ApiKey(string text) => (Text, Id) = (text, text.Substring(Prefix.Length, IdDigits));

    public string Id { get; }

    public byte[] Hash => SHA256.HashData(Encoding.ASCII.GetBytes(Text));

    /// <summary>The whole key, which is secret.</summary>
    private string Text { get; }

    public static ApiKey Create() => new($"{Prefix}{RandomNumberGenerator.GetHexString(IdDigits, lowercase: true)}_{RandomNumberGenerator.GetHexString(SecretDigits, lowercase: true)}");

    public static bool TryParse(string? text, [NotNullWhen(true)] out ApiKey? key)
    {
        var isKey = text is { Length: 4 + IdDigits + 1 + SecretDigits } && text.StartsWith(Prefix, StringComparison.Ordinal) && text[Prefix.Length + IdDigits] == '_'
            && !text.AsSpan(Prefix.Length, IdDigits).ContainsAnyExcept(HexDigits)
            && !text.AsSpan(Prefix.Length + IdDigits + 1).ContainsAnyExcept(HexDigits);
        key = isKey ? new ApiKey(text!) : null;
        return isKey;
    }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(OperatorKey kept) => CryptographicOperations.FixedTimeEquals(Hash, kept.Hash);

    public string Export() => Text;

    public override string ToString() => "[secret]";
}
