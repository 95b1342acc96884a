using System.Diagnostics.CodeAnalysis;

namespace CapOrleans.Core.Signatures;

/// <summary>
/// r, s and a recovery id, checked once: 130 hex digits exactly (with or without <c>0x</c>), v in {0, 1, 27, 28},
/// 1 &lt;= r &lt; n, 1 &lt;= s &lt;= (n-1)/2.
/// </summary>
/// <remarks>
/// The low-s rule is EIP-2's. Recovery itself accepts the other half, which would give every message a second valid
/// signature, and a recovery id above 3 aborts the process inside libsecp256k1. This type rejects both.
/// </remarks>
public sealed class RecoverableSignature
{
    private static readonly byte[] Order =
        Convert.FromHexString("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141");

    private static readonly byte[] HalfOrder =
        Convert.FromHexString("7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0");

    private readonly byte[] compact;

    /// <param name="compact">r and s, 32 bytes each.</param>
    /// <param name="recoveryId">0 or 1.</param>
    internal RecoverableSignature(byte[] compact, int recoveryId)
    {
        this.compact = compact;
        RecoveryId = recoveryId;
    }

    /// <summary>r and s, 32 bytes each.</summary>
    public ReadOnlySpan<byte> Compact => compact;

    public ReadOnlySpan<byte> R => compact.AsSpan(0, 32);

    public ReadOnlySpan<byte> S => compact.AsSpan(32, 32);

    /// <summary>0 or 1.</summary>
    public int RecoveryId { get; }

    /// <param name="fault">The rule that the text breaks.</param>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out RecoverableSignature? signature,
        [NotNullWhen(false)] out string? fault)
    {
        signature = null;
        var digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        Span<byte> bytes = stackalloc byte[65];
        if (digits.Length != 130
            || Convert.FromHexString(digits, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            fault = digits.Length == 128 ? "65 bytes (r, s and v) as 130 hex digits; a compact signature (EIP-2098) " +
                "of 64 bytes must be expanded first"
                : "65 bytes as 130 hex digits, with or without 0x; for a contract wallet that is registered as one, " +
                    "under full-v2, up to 2,048 bytes";
            return false;
        }

        int v = bytes[64];
        fault = v is not (0 or 1 or 27 or 28) ? "v, the last byte, must be 0, 1, 27 or 28"
            : !IsWithin(bytes[..32], Order, inclusive: false) ? "r must be within [1, n-1]"
            : !IsWithin(bytes[32..64], HalfOrder, inclusive: true) ? "s must be within [1, (n-1)/2], the low form of EIP-2"
            : null;
        if (fault is not null)
        {
            return false;
        }

        signature = new RecoverableSignature(bytes[..64].ToArray(), v >= 27 ? v - 27 : v);
        return true;
    }

    /// <summary><c>0x</c>, r, s and v as 27 or 28.</summary>
    public override string ToString() => $"0x{Convert.ToHexStringLower(compact)}{27 + RecoveryId:x2}";

    internal static bool IsScalar(ReadOnlySpan<byte> bytes) => IsWithin(bytes, Order, inclusive: false);

    private static bool IsWithin(ReadOnlySpan<byte> value, ReadOnlySpan<byte> bound, bool inclusive)
    {
        var order = value.SequenceCompareTo(bound);
        return value.ContainsAnyExcept((byte)0) && (order < 0 || (inclusive && order == 0));
    }
}
