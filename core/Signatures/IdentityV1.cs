using System.Text;

namespace CapOrleans.Core.Signatures;

/// <summary>
/// The first signature scheme: <c>personal_sign</c> over <c>incident|cap|agent|timestamp</c>. It proves who reported
/// which incident and when; it does not cover severity, description, F_E, M_E or evidence.
/// </summary>
public static class IdentityV1
{
    public const string Scheme = "identity-v1";

    /// <returns>
    /// The 32 bytes to sign. None of the four parts may contain <c>|</c>, or two incidents
    /// could have the same signed text.
    /// </returns>
    public static byte[] Hash(string incidentId, string capId, string agent, string timestampText) =>
        PersonalSign.Hash(Encoding.UTF8.GetBytes($"{incidentId}|{capId}|{agent}|{timestampText}"));
}
