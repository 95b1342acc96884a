using System.Globalization;

namespace CapOrleans.Api.Streams;

/// <summary>
/// Position of a stream: for each log, the index of the last entry that was examined, -1 before the first. As the id of
/// an event, the indexes are separated by commas; with a single log it is that index.
/// </summary>
internal sealed class StreamPosition(long[] last)
{
    public int Logs => last.Length;

    public long this[int log]
    {
        get => last[log];
        set => last[log] = value;
    }

    /// <summary>The position after everything that is in the logs now.</summary>
    public static StreamPosition AtEnd(IEnumerable<long> sizes) => new([.. sizes.Select(size => size - 1)]);

    /// <param name="sizes">Lengths of the logs that the stream reads.</param>
    /// <returns>Null when the text is not a position in these logs.</returns>
    public static StreamPosition? Parse(string text, IReadOnlyList<long> sizes)
    {
        if (text == "-1")
        {
            return new StreamPosition([.. sizes.Select(_ => -1L)]);
        }

        var parts = text.Split(',', sizes.Count + 1);
        var last = new long[sizes.Count];
        for (var log = 0; log < last.Length; log++)
        {
            if (parts.Length != last.Length || !long.TryParse(parts[log], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
                out last[log])
                || last[log] < -1 || last[log] >= sizes[log])
            {
                return null;
            }
        }

        return new StreamPosition(last);
    }

    public override string ToString() => string.Join(',', last);
}
