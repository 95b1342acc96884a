using System.Security.Cryptography;

namespace CapOrleans.Core.MerkleTree;

/// <summary>The hashes of RFC 9162 section 2.1.1. The first byte distinguishes leaf and node.</summary>
public static class MerkleHash
{
    public static byte[] EmptyRoot { get; } = SHA256.HashData([]);

    public static byte[] Leaf(ReadOnlySpan<byte> entry)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData([0x00]);
        sha.AppendData(entry);
        return sha.GetHashAndReset();
    }

    public static byte[] Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> data = stackalloc byte[65];
        data[0] = 0x01;
        left.CopyTo(data[1..]);
        right.CopyTo(data[33..]);
        return SHA256.HashData(data);
    }
}
