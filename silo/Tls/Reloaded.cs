namespace CapOrleans.Silo.Tls;

/// <summary>
/// Something that is read from files, and read again when one of them has changed or it has grown old. What cannot be read leaves the
/// last one in use: a renewal that went wrong must not close a port.
/// </summary>
/// <param name="files">Looked at once a second at most, when somebody asks.</param>
/// <param name="maxAge">Read again after this long, changed or not.</param>
internal sealed partial class Reloaded<T>(IReadOnlyList<string> files, TimeSpan maxAge, Func<T> read, TimeProvider time, ILogger logger)
    where T : class
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private T? current;
    private string seen = "";
    private long lookedAt, readAt;

    /// <exception cref="Exception">Of reading, the first time only.</exception>
    public T Current
    {
        get
        {
            lock (gate)
            {
                if (current is null || time.GetElapsedTime(lookedAt) >= LookInterval)
                {
                    Look();
                }

                return current!;
            }
        }
    }

    private void Look()
    {
        lookedAt = time.GetTimestamp();
        var now = string.Join('|', files.Select(Stamp));
        if (current is not null && now == seen && (maxAge == Timeout.InfiniteTimeSpan || time.GetElapsedTime(readAt) < maxAge))
        {
            return;
        }

        try
        {
            (current, seen, readAt) = (read(), now, time.GetTimestamp());
        }
        catch (Exception fault) when (current is not null)
        {
            LogNotRead(string.Join(", ", files), fault.Message);
        }
    }

    private static string Stamp(string file) => File.Exists(file) ? $"{File.GetLastWriteTimeUtc(file).Ticks}/{new FileInfo(file).Length}" : "";

    [LoggerMessage(630, LogLevel.Error, "{Files} changed and cannot be used; what was read before stays in use. {Fault}")]
    private partial void LogNotRead(string files, string fault);
}
