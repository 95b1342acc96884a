using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace CapOrleans.Core.Signatures;

/// <summary>libsecp256k1, which Ethereum clients use, through P/Invoke; allocates nothing but its results.</summary>
public sealed unsafe class LibSecp256k1 : ISecp256k1
{
    private const uint ContextNone = 1;
    private const uint Uncompressed = 2;

    private readonly nint context;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, int, int> parseRecoverable;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, int> recover;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, nuint*, byte*, uint, int> serializePublicKey;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nint, nint, int> signRecoverable;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, int*, byte*, int> serializeRecoverable;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, byte*, int> createPublicKey;

    private LibSecp256k1(nint library)
    {
        var create = (delegate* unmanaged[Cdecl]<uint, nint>)NativeLibrary.GetExport(library, "secp256k1_context_create");
        parseRecoverable = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, int, int>)
            NativeLibrary.GetExport(library, "secp256k1_ecdsa_recoverable_signature_parse_compact");
        recover = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, int>)
            NativeLibrary.GetExport(library, "secp256k1_ecdsa_recover");
        serializePublicKey = (delegate* unmanaged[Cdecl]<nint, byte*, nuint*, byte*, uint, int>)
            NativeLibrary.GetExport(library, "secp256k1_ec_pubkey_serialize");
        signRecoverable = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, byte*, nint, nint, int>)
            NativeLibrary.GetExport(library, "secp256k1_ecdsa_sign_recoverable");
        serializeRecoverable = (delegate* unmanaged[Cdecl]<nint, byte*, int*, byte*, int>)
            NativeLibrary.GetExport(library, "secp256k1_ecdsa_recoverable_signature_serialize_compact");
        createPublicKey = (delegate* unmanaged[Cdecl]<nint, byte*, byte*, int>)
            NativeLibrary.GetExport(library, "secp256k1_ec_pubkey_create");
        context = create(ContextNone);
    }

    public static bool TryLoad([NotNullWhen(true)] out LibSecp256k1? loaded)
    {
        loaded = null;
        foreach (var name in (ReadOnlySpan<string>)
            ["libsecp256k1.so.1", "libsecp256k1.so.2", "libsecp256k1.so.5", "libsecp256k1.so.6", "libsecp256k1"])
        {
            if (NativeLibrary.TryLoad(name, out var library)
                && NativeLibrary.TryGetExport(library, "secp256k1_ecdsa_recover", out _))
            {
                loaded = new LibSecp256k1(library);
                return true;
            }
        }

        return false;
    }

    public bool TryRecover(ReadOnlySpan<byte> hash, RecoverableSignature signature, out EthereumAddress address)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, 32);
        Span<byte> parsed = stackalloc byte[65], publicKey = stackalloc byte[64];
        fixed (byte* hashPointer = hash, compact = signature.Compact, parsedPointer = parsed, keyPointer = publicKey)
        {
            if (parseRecoverable(context, parsedPointer, compact, signature.RecoveryId) != 1
                || recover(context, keyPointer, parsedPointer, hashPointer) != 1)
            {
                address = default;
                return false;
            }
        }

        Span<byte> point = stackalloc byte[65];
        Serialize(publicKey, point);
        address = EthereumAddress.OfPublicKey(point[1..]);
        return true;
    }

    public RecoverableSignature Sign(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, 32);
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, 32);
        var compact = new byte[64];
        int recoveryId;
        Span<byte> signature = stackalloc byte[65];
        fixed (byte* hashPointer = hash, secretPointer = secret, signaturePointer = signature, compactPointer = compact)
        {
            if (signRecoverable(context, signaturePointer, hashPointer, secretPointer, 0, 0) != 1)
            {
                throw new ArgumentException("The secret is not within [1, n-1].", nameof(secret));
            }

            _ = serializeRecoverable(context, compactPointer, &recoveryId, signaturePointer);
        }

        return new RecoverableSignature(compact, recoveryId);
    }

    public byte[] PublicKey(ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, 32);
        Span<byte> publicKey = stackalloc byte[64], point = stackalloc byte[65];
        fixed (byte* secretPointer = secret, keyPointer = publicKey)
        {
            if (createPublicKey(context, keyPointer, secretPointer) != 1)
            {
                throw new ArgumentException("The secret is not within [1, n-1].", nameof(secret));
            }
        }

        Serialize(publicKey, point);
        return point[1..].ToArray();
    }

    private void Serialize(ReadOnlySpan<byte> publicKey, Span<byte> point)
    {
        nuint length = 65;
        fixed (byte* keyPointer = publicKey, pointPointer = point)
        {
            _ = serializePublicKey(context, pointPointer, &length, keyPointer, Uncompressed);
        }
    }
}
