namespace CapOrleans.Core.Webhooks;

/// <summary>What is kept of a receiver's answer, whatever brought it: one line that shows why a delivery was refused.</summary>
public static class AnswerExcerpt
{
    public const int MaxLength = 256;

    /// <returns>The beginning of the text, without control characters; null when it is empty.</returns>
    public static string? Of(string? text)
    {
        var line = string.Concat((text ?? "").Where(c => !char.IsControl(c)).Take(MaxLength)).Trim();
        return line.Length == 0 ? null : line;
    }
}
