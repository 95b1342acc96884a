namespace CapOrleans.Core.Signatures;

/// <summary>The three operations on the curve. Both implementations return the same bytes for the same input.</summary>
public interface ISecp256k1
{
    /// <param name="hash">32 bytes.</param>
    /// <returns>False when no public key belongs to hash and signature.</returns>
    bool TryRecover(ReadOnlySpan<byte> hash, RecoverableSignature signature, out EthereumAddress address);

    /// <param name="hash">32 bytes.</param>
    /// <param name="secret">32 bytes within [1, n-1].</param>
    RecoverableSignature Sign(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> secret);

    /// <param name="secret">32 bytes within [1, n-1].</param>
    /// <returns>64 bytes, x and y.</returns>
    byte[] PublicKey(ReadOnlySpan<byte> secret);
}

/// <summary>libsecp256k1 where the machine has it, BouncyCastle otherwise.</summary>
public static class Secp256k1
{
    public static ISecp256k1 Instance { get; } =
        LibSecp256k1.TryLoad(out var native) ? native : new BouncyCastleSecp256k1();
}
