using System.Numerics;
using System.Text;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Core.Signatures;

/// <summary>
/// The second signature scheme: EIP-712 typed data over every field that matters, so that any wallet can show
/// and sign it. The domain names the chain but no deployment: what is signed for one deployment is valid in
/// every other with the same chain id and the same key in the same CapID. Deployments that share keys must
/// therefore have different chain ids.
/// </summary>
/// <remarks>Vectors: <c>incident-full-v2.json</c>, made by two independent Ethereum libraries.</remarks>
public static class FullV2
{
    public const string Scheme = "full-v2";

    public const string DomainName = "CapIncident";

    public const string DomainVersion = "1";

    /// <summary>Numbers are signed as integers: the decimal times 10^18, exactly.</summary>
    public const int Decimals = 18;

    /// <summary>The type's members in order, with the Solidity type of each.</summary>
    public static IReadOnlyList<(string Name, string Type)> Members { get; } =
    [
        ("incidentId", "string"), ("capId", "string"), ("agent", "string"), ("timestamp", "string"), ("severity", "string"),
        ("description", "string"), ("feedback", "uint256"), ("misuse", "uint256"), ("capPotentialClaim", "uint256"), ("evidence", "string"),
    ];

    private static readonly byte[] TypeHash =
        Keccak256.Hash(Encoding.ASCII.GetBytes($"Incident({string.Join(',', Members.Select(member => $"{member.Type} {member.Name}"))})"));

    private static readonly byte[] DomainTypeHash = Keccak256.Hash("EIP712Domain(string name,string version,uint256 chainId)"u8);

    /// <returns>The 32 bytes to sign.</returns>
    public static byte[] Hash(IncidentReport report, long chainId)
    {
        Span<byte> signed = stackalloc byte[66];
        (signed[0], signed[1]) = (0x19, 0x01);
        DomainHash(chainId, signed[2..34]);
        StructHash(report, signed[34..]);
        return Keccak256.Hash(signed);
    }

    /// <summary>Returns a decimal of at most 18 decimal places as the integer that is signed.</summary>
    public static BigInteger Scaled(decimal value)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var unscaled = (((BigInteger)(uint)parts[2] << 64) | ((BigInteger)(uint)parts[1] << 32) | (uint)parts[0]) * Math.Sign(value);
        var (quotient, remainder) = BigInteger.DivRem(unscaled * BigInteger.Pow(10, Decimals), BigInteger.Pow(10, value.Scale));
        return remainder.IsZero ? quotient : throw new ArgumentOutOfRangeException(nameof(value), $"{value} has more than {Decimals} decimals.");
    }

    private static void DomainHash(long chainId, Span<byte> destination)
    {
        Span<byte> words = stackalloc byte[4 * 32];
        DomainTypeHash.CopyTo(words);
        Put(words[32..64], DomainName);
        Put(words[64..96], DomainVersion);
        Put(words[96..], new BigInteger(chainId));
        Keccak256.Hash(words, destination);
    }

    private static void StructHash(IncidentReport report, Span<byte> destination)
    {
        Span<byte> words = stackalloc byte[11 * 32];
        TypeHash.CopyTo(words);
        Put(words[32..64], report.IncidentId);
        Put(words[64..96], report.CapId);
        Put(words[96..128], report.Agent);
        Put(words[128..160], report.TimestampText);
        Put(words[160..192], report.SeverityText);
        Put(words[192..224], report.Description);
        Put(words[224..256], Scaled(report.Feedback));
        Put(words[256..288], Scaled(report.Misuse));
        Put(words[288..320], Scaled(report.CapPotentialClaimed ?? 0m));
        Put(words[320..], report.Evidence);
        Keccak256.Hash(words, destination);
    }

    private static void Put(Span<byte> word, string text) => Keccak256.Hash(Encoding.UTF8.GetBytes(text), word);

    private static void Put(Span<byte> word, BigInteger number)
    {
        word.Clear();
        number.TryWriteBytes(word[(32 - number.GetByteCount(isUnsigned: true))..], out _, isUnsigned: true, isBigEndian: true);
    }
}
