namespace CapOrleans.Core.Settings;

/// <summary>Finds the known name that was probably meant.</summary>
public static class NearestName
{
    /// <param name="known">At least one.</param>
    /// <returns>
    /// The name with the fewest slips: an extra, missing or different letter, or two in the wrong order; case does
    /// not count. Of several, the first.
    /// </returns>
    public static string Of(string name, IEnumerable<string> known) =>
        known.MinBy(candidate => Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant()))!;

    /// <returns>
    /// The nearest name if it is at most <paramref name="slips"/> away and the given name is longer
    /// than 3 letters; null otherwise.
    /// </returns>
    public static string? OfTypo(string name, IEnumerable<string> known, int slips = 2) =>
        Of(name, known) is var nearest && name.Length > 3 && Distance(name.ToUpperInvariant(), nearest.ToUpperInvariant()) <= slips
            ? nearest : null;

    private static int Distance(string one, string other)
    {
        // Optimal string alignment, which needs three rows at a time.
        var (before, last, row) = (Array.Empty<int>(), Array.Empty<int>(), Enumerable.Range(0, other.Length + 1).ToArray());
        for (var i = 1; i <= one.Length; i++)
        {
            (before, last, row) = (last, row, new int[row.Length]);
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }
        }

        return row[^1];
    }
}
