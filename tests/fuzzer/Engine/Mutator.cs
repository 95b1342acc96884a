namespace CapOrleans.Fuzz.Engine;

/// <summary>Derives an input from others by one to sixteen small, stacked changes.</summary>
internal sealed class Mutator(Random random, IReadOnlyList<byte[]> tokens)
{
    private const int MaxBytes = 4096;

    private static readonly byte[] Interesting = [0, 1, 9, 10, 13, 32, 34, 39, 44, 45, 46, 48, 57, 58, 69, 91, 92, 93, 101, 123, 125, 127, 128, 0xC0, 0xED, 0xEF, 0xFE, 0xFF];

    public byte[] Next(IReadOnlyList<byte[]> corpus)
    {
        var input = Pick(corpus);
        for (var left = 1 << random.Next(5); left > 0; left--)
        {
            input = Change(input, corpus);
        }

        return input.Length <= MaxBytes ? input : input[..MaxBytes];
    }

    private byte[] Change(byte[] input, IReadOnlyList<byte[]> corpus)
    {
        var (at, length) = Stretch(input);
        switch (random.Next(9))
        {
            case 0 when input.Length > 0: return Set(input, old => (byte)(old ^ (1 << random.Next(8))));
            case 1 when input.Length > 0: return Set(input, _ => (byte)random.Next(256));
            case 2 when input.Length > 0: return Set(input, _ => Interesting[random.Next(Interesting.Length)]);
            case 3: return [.. input[..at], .. input[(at + length)..]];
            case 4: return [.. input[..(at + length)], .. input[at..]];
            case 5: return [.. input[..at], (byte)random.Next(256), .. input[at..]];
            case 6 when tokens.Count > 0: return [.. input[..at], .. tokens[random.Next(tokens.Count)], .. input[(at + length)..]];
            case 7 when tokens.Count > 0: return [.. input[..at], .. tokens[random.Next(tokens.Count)], .. input[at..]];
            default:
                var other = Pick(corpus);
                var (from, taken) = Stretch(other);
                return [.. input[..at], .. other[from..(from + taken)], .. input[(at + length)..]];
        }
    }

    private byte[] Pick(IReadOnlyList<byte[]> corpus) => corpus[random.Next(corpus.Count)];

    private byte[] Set(byte[] input, Func<byte, byte> change)
    {
        var changed = (byte[])input.Clone();
        var at = random.Next(input.Length);
        changed[at] = change(changed[at]);
        return changed;
    }

    /// <summary>Picks a range of the input, usually short and rarely long.</summary>
    private (int At, int Length) Stretch(byte[] input)
    {
        var at = random.Next(input.Length + 1);
        return (at, Math.Min(input.Length - at, random.Next(1 << random.Next(1, 8))));
    }
}
