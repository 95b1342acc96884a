namespace CapOrleans.Core.Incidents;

/// <summary>
/// Newline-delimited JSON: one incident per line. Lines end with LF or CRLF, the last one with either or neither.
/// </summary>
public static class BatchLines
{
    public const int MaxLines = 500;

    public const int MaxBytes = 1024 * 1024;

    public const string ContentType = "application/x-ndjson";

    /// <summary>
    /// Request header with the numbers, from 1, of the lines that a gate received through a legacy
    /// call, which accepts any severity.
    /// </summary>
    public const string AnySeverityHeader = "X-Cap-Any-Severity";

    /// <returns>
    /// The lines, at most one more than <see cref="MaxLines"/>, so that a flood of newlines costs nothing.
    /// </returns>
    public static List<ReadOnlyMemory<byte>> Split(ReadOnlyMemory<byte> body)
    {
        var lines = new List<ReadOnlyMemory<byte>>();
        while (!body.IsEmpty && lines.Count <= MaxLines)
        {
            var end = body.Span.IndexOf((byte)'\n');
            var line = end < 0 ? body : body[..end];
            lines.Add(line.Span is [.., (byte)'\r'] ? line[..^1] : line);
            body = end < 0 ? default : body[(end + 1)..];
        }

        return lines;
    }

    /// <summary>
    /// Returns the same JSON without line breaks: outside strings a line break is white space,
    /// and inside one it is not allowed.
    /// </summary>
    public static byte[] OneLine(ReadOnlySpan<byte> json)
    {
        var line = json.ToArray();
        line.AsSpan().Replace((byte)'\n', (byte)' ');
        line.AsSpan().Replace((byte)'\r', (byte)' ');
        return line;
    }
}
