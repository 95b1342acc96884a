using System.Buffers;

namespace CapOrleans.Core.Incidents;

/// <summary>
/// The incident that a hook reports when a check succeeds again. Its id names the failure that is over:
/// <c>NGINXOK-0123456789ab</c> resolves <c>NGINXFAIL-0123456789ab</c>.
/// </summary>
public static class Recovery
{
    private const int SeedDigits = 12;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private const string Over = "OK-", Failed = "FAIL-";

    /// <returns>Id of the incident that is over; null when this one is not a recovery.</returns>
    public static string? FailureOf(string incidentId)
    {
        var name = incidentId.Length - Over.Length - SeedDigits;
        return name >= 0 && incidentId.AsSpan(name, Over.Length).SequenceEqual(Over)
            && incidentId.AsSpan(name + Over.Length).IndexOfAnyExcept(HexDigits) < 0
            ? $"{incidentId[..name]}{Failed}{incidentId[(name + Over.Length)..]}" : null;
    }
}
