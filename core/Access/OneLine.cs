using System.Text;

namespace CapOrleans.Core.Access;

/// <summary>
/// What a fault says, for operators, logs and other silos: it may carry a stack, and another program's text may hold anything.
/// </summary>
public static class OneLine
{
    private const int MaxLength = 500;

    /// <returns>The first line, of bounded length, without what is not seen.</returns>
    public static string Of(string message)
    {
        var line = new StringBuilder();
        foreach (var rune in message.AsSpan(0, message.AsSpan().IndexOf('\n') is >= 0 and var end ? end : message.Length).EnumerateRunes())
        {
            if (line.Length + rune.Utf16SequenceLength > MaxLength)
            {
                break;
            }

            if (PrintableText.IsSeen(rune))
            {
                line.Append(rune);
            }
        }

        return line.ToString();
    }
}
