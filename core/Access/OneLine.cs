using System.Text;

namespace CapOrleans.Core.Access;

/// <summary>
/// Shortens the message of an exception for operators, logs and other silos: it may contain a stack trace, or
/// anything that another program wrote.
/// </summary>
public static class OneLine
{
    private const int MaxLength = 500;

    /// <returns>The first line, at most 500 UTF-16 units, without invisible characters.</returns>
    public static string Of(string message)
    {
        var line = new StringBuilder();
        foreach (var rune in message.AsSpan(0, message.AsSpan().IndexOf('\n') is >= 0 and var end ? end : message.Length).EnumerateRunes())
        {
            if (line.Length + rune.Utf16SequenceLength > MaxLength)
            {
                break;
            }

            if (PrintableText.IsVisible(rune))
            {
                line.Append(rune);
            }
        }

        return line.ToString();
    }
}
