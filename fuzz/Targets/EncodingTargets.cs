using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using CapOrleans.Chain.Abi;
using CapOrleans.Chain.Rlp;
using CapOrleans.Core.Archive;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Incidents;
using CapOrleans.Fuzz.Engine;

namespace CapOrleans.Fuzz.Targets;

/// <summary>Content ids, numbers and times; and what we send to the chain, read back by decoders that share no line with the encoders.</summary>
internal static class EncodingTargets
{
    public static Target[] Create() =>
    [
        new("cid", [Encoding.ASCII.GetBytes("bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"), Encoding.ASCII.GetBytes("QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n")], [[(byte)'b'], "bafy"u8.ToArray(), "Qm"u8.ToArray(), "z"u8.ToArray(), "="u8.ToArray()], Cids),
        new("numbers", [.. ((string[])["0.000000000000000001", "-1000000000.5", "2026-11-24T02:00:00.123456789Z", "2026-11-24T02:00:00+00:00"]).Select(Encoding.ASCII.GetBytes)], [.. ((string[])["0", "-", ".", "e", "+", "99999999999999999999", "T", "Z", ":"]).Select(Encoding.ASCII.GetBytes)], Numbers),
        new("rlp", [[0xC0, 1, 2, 3], [.. Enumerable.Repeat((byte)7, 300)], [0x80, 0, 0x7F]], [[0xC0], [0x80], [0xB8], [0xF8]], input => Rlp(Tree(input, 0))),
        new("abi", [[1, 2, 3, 4, 5, 6, 7, 8], [.. Enumerable.Repeat((byte)9, 200)]], [[0], [1], [2], [3]], Abi),
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

    /// <summary>Lists and strings as the bytes would have it.</summary>
    private static object Tree(ReadOnlySpan<byte> input, int depth)
    {
        if (input.Length < 2 || depth > 16 || input[0] < 0xC0)
        {
            return input.ToArray();
        }

        var items = new List<object>();
        for (var rest = input[1..]; !rest.IsEmpty;)
        {
            var length = Math.Min(rest.Length, 1 + (rest[0] % 80));
            items.Add(Tree(rest[..length], depth + 1));
            rest = rest[length..];
        }

        return items;
    }

    private static void Rlp(object tree)
    {
        static RlpItem Item(object node) => node is byte[] bytes ? RlpItem.Bytes(bytes) : RlpItem.List([.. ((List<object>)node).Select(Item)]);
        static bool Same(object left, object right) => (left, right) switch
        {
            (byte[] a, byte[] b) => a.AsSpan().SequenceEqual(b),
            (List<object> a, List<object> b) => a.Count == b.Count && a.Zip(b).All(pair => Same(pair.First, pair.Second)),
            _ => false,
        };
        var encoded = Item(tree).Encode();
        DisagreementException.Unless(Same(tree, RlpDecoder.Decode(encoded)), "What RLP says is read back.");
    }

    private static void Abi(byte[] input)
    {
        // (text, number, [(bytes32, text)]), the shapes that the contract's calls are made of.
        var text = Convert.ToBase64String(input);
        var number = new BigInteger(input.AsSpan(0, Math.Min(input.Length, 31)));
        var items = input.Chunk(7).Take(40).Select(chunk => (Word: Pad(chunk), Text: Convert.ToHexString(chunk))).ToList();
        var encoded = AbiValue.Tuple(
            AbiValue.Text(text), AbiValue.Number(number),
            AbiValue.Array(items.Select(item => AbiValue.Tuple(AbiValue.Bytes32(item.Word), AbiValue.Text(item.Text))))).Encode();
        DisagreementException.Unless(encoded.Length % 32 == 0, "Words of 32 bytes.");
        DisagreementException.Unless(TextAt(encoded, Offset(encoded, 0)) == text, "The text is read back.");
        DisagreementException.Unless(new BigInteger(encoded.AsSpan(32, 32), isUnsigned: false, isBigEndian: true) == number, "The number is read back.");
        var array = encoded.AsSpan(Offset(encoded, 64)).ToArray();
        DisagreementException.Unless(Offset(array, 0) == items.Count, "The array has its length.");
        for (var i = 0; i < items.Count; i++)
        {
            var tuple = array.AsSpan(32 + Offset(array, 32 + (32 * i))).ToArray();
            DisagreementException.Unless(tuple.AsSpan(0, 32).SequenceEqual(items[i].Word) && TextAt(tuple, Offset(tuple, 32)) == items[i].Text, "Every item is read back.");
        }
    }

    private static int Offset(byte[] words, int at) => BinaryPrimitives.ReadInt32BigEndian(words.AsSpan(at + 28, 4));

    private static string TextAt(byte[] words, int at) => Encoding.UTF8.GetString(words, at + 32, Offset(words, at));

    private static byte[] Pad(byte[] chunk) => [.. chunk, .. new byte[32 - chunk.Length]];
}
