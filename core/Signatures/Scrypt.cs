using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace CapOrleans.Core.Signatures;

/// <summary>
/// scrypt, RFC 7914. BouncyCastle's implementation refuses r = 1 with an n of 65,536 or more, which the keystore
/// format's own example uses. The caller checks the bounds.
/// </summary>
internal static class Scrypt
{
    private const int BlockBytes = 64, BlockWords = BlockBytes / sizeof(uint);

    /// <param name="n">A power of 2.</param>
    public static byte[] Derive(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int n, int r, int p, int length)
    {
        var words = 2 * r * BlockWords;
        var mixed = Rfc2898DeriveBytes.Pbkdf2(passphrase, salt, 1, HashAlgorithmName.SHA256, p * words * sizeof(uint));
        var (table, spare) = (new uint[n * words], new uint[words]);
        for (var i = 0; i < p; i++)
        {
            Mix(MemoryMarshal.Cast<byte, uint>(mixed.AsSpan(i * words * sizeof(uint), words * sizeof(uint))), table, spare, n);
        }

        return Rfc2898DeriveBytes.Pbkdf2(passphrase, mixed, 1, HashAlgorithmName.SHA256, length);
    }

    /// <summary>scryptROMix, section 5.</summary>
    private static void Mix(Span<uint> x, uint[] table, uint[] spare, int n)
    {
        for (var i = 0; i < n; i++)
        {
            x.CopyTo(table.AsSpan(i * x.Length));
            MixBlocks(x, spare);
        }

        for (var i = 0; i < n; i++)
        {
            var j = (int)(x[^BlockWords] & (uint)(n - 1));
            Xor(x, table.AsSpan(j * x.Length, x.Length));
            MixBlocks(x, spare);
        }
    }

    /// <summary>scryptBlockMix, section 4: blocks with an even number come first, then the odd ones.</summary>
    private static void MixBlocks(Span<uint> blocks, Span<uint> spare)
    {
        Span<uint> x = stackalloc uint[BlockWords];
        blocks[^BlockWords..].CopyTo(x);
        var count = blocks.Length / BlockWords;
        for (var i = 0; i < count; i++)
        {
            Xor(x, blocks.Slice(i * BlockWords, BlockWords));
            Salsa(x);
            x.CopyTo(spare[(((i / 2) + (i % 2 == 0 ? 0 : count / 2)) * BlockWords)..]);
        }

        spare.CopyTo(blocks);
    }

    /// <summary>Salsa20/8, section 3.</summary>
    private static void Salsa(Span<uint> block)
    {
        Span<uint> x = stackalloc uint[BlockWords];
        block.CopyTo(x);
        for (var round = 0; round < 8; round += 2)
        {
            for (var column = 0; column < 4; column++)
            {
                Quarter(x, column * 5, ((column * 5) + 4) % 16, ((column * 5) + 8) % 16, ((column * 5) + 12) % 16);
            }

            for (var row = 0; row < 4; row++)
            {
                var start = row * 4;
                Quarter(x, start + row, start + ((row + 1) % 4), start + ((row + 2) % 4), start + ((row + 3) % 4));
            }
        }

        for (var i = 0; i < BlockWords; i++)
        {
            block[i] += x[i];
        }
    }

    private static void Quarter(Span<uint> x, int a, int b, int c, int d)
    {
        x[b] ^= BitOperations.RotateLeft(x[a] + x[d], 7);
        x[c] ^= BitOperations.RotateLeft(x[b] + x[a], 9);
        x[d] ^= BitOperations.RotateLeft(x[c] + x[b], 13);
        x[a] ^= BitOperations.RotateLeft(x[d] + x[c], 18);
    }

    private static void Xor(Span<uint> into, ReadOnlySpan<uint> from)
    {
        for (var i = 0; i < into.Length; i++)
        {
            into[i] ^= from[i];
        }
    }
}
