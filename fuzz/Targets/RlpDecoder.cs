using CapOrleans.Fuzz.Engine;

namespace CapOrleans.Fuzz.Targets;

/// <summary>Reads RLP by the yellow paper's rules, to check what we write: a byte string is <c>byte[]</c>, a list <c>List&lt;object&gt;</c>.</summary>
internal static class RlpDecoder
{
    public static object Decode(ReadOnlySpan<byte> input)
    {
        var item = Read(ref input);
        DisagreementException.Unless(input.IsEmpty, "Nothing follows an item.");
        return item;
    }

    private static object Read(ref ReadOnlySpan<byte> input)
    {
        var first = input[0];
        if (first < 0x80)
        {
            return Take(ref input, 1).ToArray();
        }

        var isList = first >= 0xC0;
        var code = first - (isList ? 0xC0 : 0x80);
        input = input[1..];
        var length = code < 56 ? code : Number(Take(ref input, code - 55));
        DisagreementException.Unless(code < 56 || length >= 56, "A length has its shortest form.");
        var payload = Take(ref input, length);
        if (!isList)
        {
            DisagreementException.Unless(payload.Length != 1 || payload[0] >= 0x80, "A small byte stands for itself.");
            return payload.ToArray();
        }

        var items = new List<object>();
        while (!payload.IsEmpty)
        {
            items.Add(Read(ref payload));
        }

        return items;
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> input, int count)
    {
        var taken = input[..count];
        input = input[count..];
        return taken;
    }

    private static int Number(ReadOnlySpan<byte> digits)
    {
        DisagreementException.Unless(digits[0] != 0, "A length has no leading zero.");
        var number = 0;
        foreach (var digit in digits)
        {
            number = checked((number << 8) | digit);
        }

        return number;
    }
}
