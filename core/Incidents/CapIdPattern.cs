namespace CapOrleans.Core.Incidents;

/// <summary>A pattern for CapIDs, in which <c>*</c> stands for any characters, or none.</summary>
public static class CapIdPattern
{
    public const int MaxLength = 256;

    public const string Rule = "a CapID in which * may stand for any characters, at most 256";

    public static bool IsOne(string text) => text.Length is > 0 and <= MaxLength
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-' or '*');

    public static bool Matches(string pattern, string capId)
    {
        // Greedy, backtracking to the last star only: the cost is at most the pattern's length times the CapID's.
        var (p, c, star, from) = (0, 0, -1, 0);
        while (c < capId.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, from) = (p++, c);
            }
            else if (p < pattern.Length && pattern[p] == capId[c])
            {
                (p, c) = (p + 1, c + 1);
            }
            else if (star >= 0)
            {
                (p, c) = (star + 1, ++from);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).IndexOfAnyExcept('*') < 0;
    }
}
