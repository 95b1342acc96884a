namespace CapOrleans.Core.Settings;

/// <summary>Which of the known names somebody probably meant.</summary>
public static class NearestName
{
    /// <param name="known">At least one.</param>
    /// <returns>The one with the fewest letters to insert, delete or replace; case does not count. Of several, the first.</returns>
    public static string Of(string name, IEnumerable<string> known) =>
        known.MinBy(candidate => Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant()))!;

    /// <returns>The one that is two letters away at most; null when none is.</returns>
    public static string? OfTypo(string name, IEnumerable<string> known) =>
        Of(name, known) is var nearest && name.Length > 3 && Distance(name.ToUpperInvariant(), nearest.ToUpperInvariant()) <= 2
            ? nearest : null;

    private static int Distance(string one, string other)
    {
        // Levenshtein, one row at a time.
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var (diagonal, left) = (row[0], i);
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                left = Math.Min(Math.Min(left, row[j]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1));
                (diagonal, row[j]) = (row[j], left);
            }
        }

        return row[^1];
    }
}
