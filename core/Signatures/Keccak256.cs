using Org.BouncyCastle.Crypto.Digests;

namespace CapOrleans.Core.Signatures;

/// <summary>Keccak-256 as Ethereum uses it: the original padding, not SHA-3's.</summary>
public static class Keccak256
{
    [ThreadStatic] private static KeccakDigest? perThread;

    public static byte[] Hash(ReadOnlySpan<byte> data)
    {
        var hash = new byte[32];
        Hash(data, hash);
        return hash;
    }

    /// <param name="destination">32 bytes.</param>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> destination)
    {
        var digest = perThread ??= new KeccakDigest(256);
        digest.BlockUpdate(data);
        digest.DoFinal(destination);
    }
}
