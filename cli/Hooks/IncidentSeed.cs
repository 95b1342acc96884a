using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// Twelve hex digits for the id of a hook's incident: random ones, or the same for the same failure, so that it is
/// reported once.
/// </summary>
internal static class IncidentSeed
{
    public static string New() => RandomNumberGenerator.GetHexString(12, lowercase: true);

    public static string Of(string what) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(what)).AsSpan(0, 6));
}
