using System.Diagnostics.CodeAnalysis;
using System.Text;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Gates;

/// <summary>What a gate signs in a heartbeat.</summary>
public static class SignedHeartbeat
{
    /// <summary>Time between two heartbeats of one gate.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>A gate without a heartbeat for this long counts as silent.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(35);

    /// <summary>How far a gate's clock may be from the cluster's.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <returns>
    /// The 32 bytes that the gate's key signs: <c>personal_sign</c> over five parts, none
    /// of which can contain <c>|</c>.
    /// </returns>
    public static byte[] Hash(string gate, string timestamp, long waiting, long dead) =>
        PersonalSign.Hash(Encoding.UTF8.GetBytes(FormattableString.Invariant($"CapOrleans gate|{gate}|{timestamp}|{waiting}|{dead}")));

    /// <param name="timestamp">Exactly as it was sent.</param>
    /// <param name="signer">Address of the key that signed it.</param>
    /// <param name="rule">The rule that the signature breaks; null when it breaks none.</param>
    public static bool TryRecover(string gate, string timestamp, long waiting, long dead, string signature, out EthereumAddress signer, [NotNullWhen(false)] out string? rule)
    {
        signer = default;
        if (!RecoverableSignature.TryParse(signature, out var parsed, out rule))
        {
            return false;
        }

        var isSigned = Secp256k1.Instance.TryRecover(Hash(gate, timestamp, waiting, dead), parsed, out signer);
        rule = isSigned ? null : "a signature from which a public key can be recovered";
        return isSigned;
    }
}
