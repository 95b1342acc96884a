using System.Text;

namespace CapOrleans.Core.NormalForms;

/// <summary>
/// The normal forms C and KC of Unicode 14 (UAX #15), which the platform does not provide without ICU: with
/// <c>InvariantGlobalization</c>, <see cref="string.Normalize()"/> returns its input.
/// </summary>
/// <remarks>
/// The forms of a character never change once it is assigned; characters assigned later stay as they are.
/// <c>make-normalization.py</c> generates the tables.
/// </remarks>
public static class Normalization
{
    /// <summary>
    /// Hangul is composed by arithmetic: a block of syllables per leading consonant, with a row per vowel.
    /// </summary>
    private const int Syllables = 0xAC00, Leads = 0x1100, Vowels = 0x1161, Trails = 0x11A7, LeadCount = 19, VowelCount = 21, TrailCount = 28;

    private static readonly Lazy<Tables> Data = new(Tables.Read);

    /// <summary>Canonical form: a letter with its accents becomes one character where there is one.</summary>
    public static string ToFormC(string text) => Normalize(text, withCompatible: false);

    /// <summary>
    /// Compatibility form: in addition, ligatures, full-width and other styles of letters become the plain ones.
    /// </summary>
    public static string ToFormKC(string text) => Normalize(text, withCompatible: true);

    private static string Normalize(string text, bool withCompatible)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var points = new List<int>();
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, withCompatible, points);
        }

        SortMarks(points);
        Compose(points);
        var normal = new StringBuilder(points.Count);
        foreach (var point in points)
        {
            normal.Append(new Rune(point).ToString());
        }

        return normal.ToString();
    }

    private static void Decompose(int point, bool withCompatible, List<int> into)
    {
        if (point - Syllables is >= 0 and < LeadCount * VowelCount * TrailCount and var syllable)
        {
            into.AddRange([Leads + (syllable / (VowelCount * TrailCount)), Vowels + (syllable / TrailCount % VowelCount)]);
            into.AddRange(syllable % TrailCount == 0 ? [] : [Trails + (syllable % TrailCount)]);
        }
        else if (Data.Value.Decompositions.TryGetValue(point, out var found) && (withCompatible || !found.IsCompatible))
        {
            Array.ForEach(found.Points, part => Decompose(part, withCompatible, into));
        }
        else
        {
            into.Add(point);
        }
    }

    /// <summary>Sorts the marks after a letter by their class; those of one class keep their order.</summary>
    private static void SortMarks(List<int> points)
    {
        for (var from = 0; from < points.Count; from++)
        {
            var count = points.Skip(from).TakeWhile(point => Data.Value.ClassOf(point) > 0).Count();
            var sorted = points.GetRange(from, count).OrderBy(Data.Value.ClassOf).ToList();
            for (var i = 0; i < count; i++)
            {
                points[from + i] = sorted[i];
            }

            from += count;
        }
    }

    private static void Compose(List<int> points)
    {
        var (starter, last, kept) = (-1, 0, 0); // index of the last letter, class of the previous mark, points kept
        foreach (var point in points.ToList())
        {
            var rank = Data.Value.ClassOf(point);
            if (starter >= 0 && (last < rank || kept == starter + 1) && Pair(points[starter], point) is { } whole)
            {
                points[starter] = whole;
                continue;
            }

            (starter, last) = rank == 0 ? (kept, 0) : (starter, rank);
            points[kept++] = point;
        }

        points.RemoveRange(kept, points.Count - kept);
    }

    private static int? Pair(int first, int second) =>
        first - Leads is >= 0 and < LeadCount and var lead && second - Vowels is >= 0 and < VowelCount and var vowel
            ? Syllables + (((lead * VowelCount) + vowel) * TrailCount)
        : first - Syllables is >= 0 and < LeadCount * VowelCount * TrailCount and var syllable && syllable % TrailCount == 0
            && second - Trails is > 0 and < TrailCount and var trail
            ? first + trail
        : Data.Value.Pairs.TryGetValue((first, second), out var whole) ? whole : null;

    private sealed record Decomposition(int[] Points, bool IsCompatible);

    private sealed class Tables
    {
        private readonly Dictionary<int, int> classes = [];

        public Dictionary<int, Decomposition> Decompositions { get; } = [];

        public Dictionary<(int First, int Second), int> Pairs { get; } = [];

        public int ClassOf(int point) => classes.GetValueOrDefault(point);

        public static Tables Read()
        {
            using var table = typeof(Normalization).Assembly.GetManifestResourceStream("normalization.bin")!;
            var tables = new Tables();
            for (var (left, point) = (Number(table), 0); left > 0; left--)
            {
                point += Number(table);
                tables.classes[point] = Number(table);
            }

            for (var (left, point) = (Number(table), 0); left > 0; left--)
            {
                point += Number(table);
                var head = Number(table);
                var parts = new int[head >> 2];
                for (var i = 0; i < parts.Length; i++)
                {
                    parts[i] = Number(table);
                }

                tables.Decompositions[point] = new Decomposition(parts, (head & 2) != 0);
                if ((head & 3) == 0)
                {
                    tables.Pairs[(parts[0], parts[1])] = point;
                }
            }

            return tables;
        }

        /// <summary>LEB128.</summary>
        private static int Number(Stream table)
        {
            for (var (value, shift) = (0, 0); ; shift += 7)
            {
                var next = table.ReadByte();
                value |= (next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }
        }
    }
}
