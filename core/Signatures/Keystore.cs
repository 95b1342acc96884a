using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.NormalForms;

namespace CapOrleans.Core.Signatures;

/// <summary>
/// The file is not a keystore, or the passphrase is wrong; the message says which, and contains no secret.
/// </summary>
public sealed class KeystoreException(string message) : Exception(message);

/// <summary>
/// A private key under a passphrase, in the JSON that Ethereum wallets read and write (Web3 Secret Storage, version
/// 3): scrypt, or PBKDF2 in older files, derives a key from the passphrase, AES-128-CTR encrypts the secret, and
/// Keccak-256 authenticates both.
/// </summary>
/// <remarks>
/// The format requires the passphrase in NFKC, and that is how it is written. Some wallets write it as typed, and
/// accents can be typed in several ways, so a file is tried with the passphrase as typed, in NFC and in NFKC, as far as
/// these differ. The parameters come from the file, so they are bounded before anything is spent on them. Vectors:
/// <c>keystore-v3.json</c>, <c>keystore-passphrases.json</c>, and the format's own, with r = 1 and with PBKDF2.
/// </remarks>
public static class Keystore
{
    private const int KeyBytes = 32, MaxN = 1 << 20, MaxR = 16, MaxP = 16, MaxIterations = 10_000_000;

    /// <summary>Bound of n * r * 128, the bytes that scrypt fills.</summary>
    private const long MaxMemory = 1L << 28;

    /// <summary>Parameters of new files: the most that wallets use, about half a second.</summary>
    private const int N = 131_072, R = 8, P = 1;

    /// <summary>Whether the text is meant as a keystore rather than as a bare key.</summary>
    public static bool IsKeystore(string text) => text.AsSpan().TrimStart().StartsWith("{");

    /// <exception cref="KeystoreException">The keystore cannot be opened.</exception>
    public static PrivateKey Open(string json, string passphrase)
    {
        try
        {
            using var document = StrictJson.Parse(Encoding.UTF8.GetBytes(json));
            return Open(document.RootElement, passphrase);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw new KeystoreException("The file is not a version 3 keystore with scrypt or pbkdf2 and aes-128-ctr.");
        }
    }

    public static string Write(PrivateKey key, string passphrase)
    {
        var (salt, iv) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(16));
        var derived = Scrypt.Derive(Encoding.UTF8.GetBytes(Normalization.ToFormKC(passphrase)), salt, N, R, P, KeyBytes);
        var ciphertext = ApplyAesCtr(derived.AsSpan(0, 16), iv, Convert.FromHexString(key.ExportHex().AsSpan(2)));
        return new JsonObject
        {
            ["address"] = key.Address.ToString()[2..].ToLowerInvariant(),
            ["crypto"] = new JsonObject
            {
                ["cipher"] = "aes-128-ctr",
                ["cipherparams"] = new JsonObject { ["iv"] = Convert.ToHexStringLower(iv) },
                ["ciphertext"] = Convert.ToHexStringLower(ciphertext),
                ["kdf"] = "scrypt",
                ["kdfparams"] = new JsonObject { ["dklen"] = KeyBytes, ["n"] = N, ["p"] = P, ["r"] = R, ["salt"] = Convert.ToHexStringLower(salt) },
                ["mac"] = Convert.ToHexStringLower(Mac(derived, ciphertext)),
            },
            ["id"] = DrawId(),
            ["version"] = 3,
        }.ToJsonString();
    }

    private static PrivateKey Open(JsonElement file, string passphrase)
    {
        var crypto = file.TryGetProperty("crypto", out var lower) ? lower : file.GetProperty("Crypto");
        var parameters = crypto.GetProperty("kdfparams");
        var version = file.GetProperty("version");
        if ((version.ValueKind == JsonValueKind.String ? version.GetString() : version.GetRawText()) != "3" || crypto.GetProperty("cipher").GetString() != "aes-128-ctr" || parameters.GetProperty("dklen").GetInt32() != KeyBytes)
        {
            throw new FormatException();
        }

        var (ciphertext, iv) = (Hex(crypto, "ciphertext"), Hex(crypto.GetProperty("cipherparams"), "iv"));
        if (ciphertext.Length != 32 || iv.Length != 16)
        {
            throw new FormatException();
        }

        var mac = Hex(crypto, "mac");
        foreach (var form in PassphraseForms(passphrase))
        {
            var derived = crypto.GetProperty("kdf").GetString() switch
            {
                "scrypt" => ByScrypt(parameters, form),
                "pbkdf2" => ByPbkdf2(parameters, form),
                _ => throw new FormatException(),
            };
            if (CryptographicOperations.FixedTimeEquals(Mac(derived, ciphertext), mac)
                && PrivateKey.TryParse(Convert.ToHexString(ApplyAesCtr(derived.AsSpan(0, 16), iv, ciphertext)), out var key))
            {
                return key;
            }
        }

        throw new KeystoreException("The passphrase does not open the keystore, or the file is damaged.");
    }

    /// <summary>
    /// Returns what the passphrase's bytes may have been when the file was written: one to
    /// three different strings of bytes.
    /// </summary>
    internal static IReadOnlyList<byte[]> PassphraseForms(string passphrase) =>
        [.. new[] { passphrase, Normalization.ToFormC(passphrase), Normalization.ToFormKC(passphrase) }
            .Select(form => Encoding.UTF8.GetBytes(form)).DistinctBy(bytes => Convert.ToHexString(bytes))];

    /// <summary>A random UUID, version 4.</summary>
    private static string DrawId()
    {
        var bytes = RandomNumberGenerator.GetBytes(16);
        (bytes[6], bytes[8]) = ((byte)((bytes[6] & 0x0F) | 0x40), (byte)((bytes[8] & 0x3F) | 0x80));
        return new Guid(bytes, bigEndian: true).ToString();
    }

    private static byte[] ByScrypt(JsonElement parameters, byte[] passphrase)
    {
        var (n, r, p) = (parameters.GetProperty("n").GetInt32(), parameters.GetProperty("r").GetInt32(), parameters.GetProperty("p").GetInt32());
        return n is >= 2 and <= MaxN && int.IsPow2(n) && r is >= 1 and <= MaxR && p is >= 1 and <= MaxP && 128L * n * r <= MaxMemory
            ? Scrypt.Derive(passphrase, Hex(parameters, "salt"), n, r, p, KeyBytes)
            : throw new KeystoreException($"The keystore's parameters are out of bounds: scrypt n a power of 2 up to {MaxN}, r up to {MaxR}, p up to {MaxP}, {MaxMemory >> 20} MiB in all.");
    }

    private static byte[] ByPbkdf2(JsonElement parameters, byte[] passphrase)
    {
        if (parameters.GetProperty("prf").GetString() != "hmac-sha256")
        {
            throw new FormatException();
        }

        return parameters.GetProperty("c").GetInt32() is >= 1 and <= MaxIterations and var iterations
            ? Rfc2898DeriveBytes.Pbkdf2(passphrase, Hex(parameters, "salt"), iterations, HashAlgorithmName.SHA256, KeyBytes)
            : throw new KeystoreException($"The keystore's parameters are out of bounds: pbkdf2 with 1 to {MaxIterations} iterations.");
    }

    private static byte[] Hex(JsonElement of, string name) => Convert.FromHexString(of.GetProperty(name).GetString()!);

    private static byte[] Mac(byte[] derived, byte[] ciphertext) => Keccak256.Hash([.. derived.AsSpan(16), .. ciphertext]);

    /// <summary>AES in counter mode over two blocks; its own inverse.</summary>
    private static byte[] ApplyAesCtr(ReadOnlySpan<byte> key, byte[] iv, byte[] text)
    {
        using var aes = Aes.Create();
        aes.Key = key.ToArray();
        var counter = new UInt128(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(iv), System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(iv.AsSpan(8)));
        var stream = new byte[32];
        for (var block = 0; block < 2; block++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(stream.AsSpan(block * 16), counter + (UInt128)block);
        }

        return [.. aes.EncryptEcb(stream, PaddingMode.None).Zip(text, (a, b) => (byte)(a ^ b))];
    }
}
