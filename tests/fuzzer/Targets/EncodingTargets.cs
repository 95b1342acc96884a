using System.Globalization;
using System.Text;
using CapOrleans.Core.Archive;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;
using CapOrleans.Fuzz.Engine;

namespace CapOrleans.Fuzz.Targets;

/// <summary>Parsers of content ids, numbers and times.</summary>
internal static class EncodingTargets
{
    public static Target[] Create() =>
    [
        new("cid", [Encoding.ASCII.GetBytes("bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"), Encoding.ASCII.GetBytes("QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n")], [[(byte)'b'], "bafy"u8.ToArray(), "Qm"u8.ToArray(), "z"u8.ToArray(), "="u8.ToArray()], Cids),
        new("numbers", [.. ((string[])["0.000000000000000001", "-1000000000.5", "2026-11-24T02:00:00.123456789Z", "2026-11-24T02:00:00+00:00"]).Select(Encoding.ASCII.GetBytes)], [.. ((string[])["0", "-", ".", "e", "+", "99999999999999999999", "T", "Z", ":"]).Select(Encoding.ASCII.GetBytes)], Numbers),
    ];

    private static void Cids(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (Cid.TryParse(text, out var cid))
        {
            DisagreementException.Unless(Cid.TryParseForeign(text, out var foreign) && foreign == cid && Cid.IsCid(text) && Cid.TryParse(cid.Text, out var again) && again == cid && cid.ToBytes().Length == 36, "A CID is read again.");
        }
        else if (Cid.TryParseForeign(text, out cid))
        {
            DisagreementException.Unless(Cid.TryParseForeign(cid.Text, out var again) && again == cid && Cid.TryRead(cid.ToBytes(), out again) && again == cid, "Another's CID is read again.");
        }
    }

    private static void Numbers(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (DecimalText.TryReadExactly(text, 18, out var value))
        {
            DisagreementException.Unless(DecimalText.Read(DecimalText.Of(value)) == value && value == decimal.Parse(text, CultureInfo.InvariantCulture), "A number is what it says.");
        }

        if (SignedTime.TryParse(text, out var instant))
        {
            DisagreementException.Unless(instant.Offset == TimeSpan.Zero && text.StartsWith(instant.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture), StringComparison.Ordinal), "An instant is what its text says.");
        }
    }
}
