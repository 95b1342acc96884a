using System.Text;

namespace CapOrleans.Core.Signatures;

/// <summary>EIP-191, version byte 0x45: what wallets call <c>personal_sign</c>.</summary>
public static class PersonalSign
{
    private static ReadOnlySpan<byte> Prefix => "\u0019Ethereum Signed Message:\n"u8;

    /// <returns>
    /// 32 bytes: Keccak-256 over prefix, the message's length in bytes as decimal digits, and the message.
    /// </returns>
    public static byte[] Hash(ReadOnlySpan<byte> message)
    {
        var length = Encoding.ASCII.GetBytes(message.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var data = new byte[Prefix.Length + length.Length + message.Length];
        Prefix.CopyTo(data);
        length.CopyTo(data.AsSpan(Prefix.Length));
        message.CopyTo(data.AsSpan(Prefix.Length + length.Length));
        return Keccak256.Hash(data);
    }
}
