namespace CapOrleans.Grains;

/// <summary>What a fault says, for operators, logs and other silos: what Orleans says carries its stack, and what a node said may hold anything.</summary>
internal static class OneLine
{
    private const int MaxLength = 500;

    /// <returns>The first line, of bounded length, without control characters.</returns>
    public static string Of(string message)
    {
        var line = string.Concat(message.TakeWhile(c => c != '\n').Where(c => !char.IsControl(c)).Take(MaxLength));
        return line.Length > 0 && char.IsHighSurrogate(line[^1]) ? line[..^1] : line;
    }
}
