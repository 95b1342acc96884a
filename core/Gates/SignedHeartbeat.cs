using System.Text;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Gates;

/// <summary>What a gate signs when it says that it is there.</summary>
public static class SignedHeartbeat
{
    /// <summary>Time between two of one gate.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>A gate of which nothing came for so long is silent.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(35);

    /// <summary>How far its clock may be from the cluster's.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <returns>The 32 bytes that the gate's key signs: <c>personal_sign</c> over five parts, of which none can hold <c>|</c>.</returns>
    public static byte[] Hash(string gate, string timestamp, long waiting, long dead) =>
        PersonalSign.Hash(Encoding.UTF8.GetBytes(FormattableString.Invariant($"CapOrleans gate|{gate}|{timestamp}|{waiting}|{dead}")));
}
