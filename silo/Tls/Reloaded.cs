namespace CapOrleans.Silo.Tls;

/// <summary>
/// A value that is read from files, and read again when one of them changes or the value becomes too old. If that
/// fails, the last value stays in use: a renewal that went wrong must not close a port.
/// </summary>
/// <param name="files">Checked at most once a second, on access.</param>
/// <param name="maxAge">Read again after this long, changed or not.</param>
internal sealed partial class Reloaded<T>(IReadOnlyList<string> files, TimeSpan maxAge, Func<T> read, TimeProvider time, ILogger logger)
    where T : class
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private T? current;
    private string seen = "";
    private bool hasFailed;
    private long lookedAt, readAt;

    /// <exception cref="Exception">Thrown by the first read; later faults are logged.</exception>
    public T Current
    {
        get
        {
            lock (gate)
            {
                if (current is null || time.GetElapsedTime(lookedAt) >= LookInterval)
                {
                    RefreshIfChanged();
                }

                return current!;
            }
        }
    }

    private void RefreshIfChanged()
    {
        lookedAt = time.GetTimestamp();
        var now = string.Join('|', files.Select(Stamp));
        if (current is not null && now == seen && (maxAge == Timeout.InfiniteTimeSpan || time.GetElapsedTime(readAt) < maxAge))
        {
            SetBroken(null); // the files are as before
            return;
        }

        try
        {
            (current, seen, readAt) = (read(), now, time.GetTimestamp());
            SetBroken(null);
        }
        catch (Exception fault) when (current is not null)
        {
            SetBroken(fault);
        }
    }

    /// <summary>Logs when reading first fails and when it works again, not on each access.</summary>
    private void SetBroken(Exception? fault)
    {
        if (hasFailed == fault is not null)
        {
            return;
        }

        hasFailed = fault is not null;
        if (fault is not null)
        {
            LogNotRead(string.Join(", ", files), fault.Message);
        }
        else
        {
            LogReadAgain(string.Join(", ", files));
        }
    }

    private static string Stamp(string file) => File.Exists(file) ? $"{File.GetLastWriteTimeUtc(file).Ticks}/{new FileInfo(file).Length}" : "";

    [LoggerMessage(630, LogLevel.Error, "{Files} changed but cannot be used; the version read before stays in use. {Fault}")]
    private partial void LogNotRead(string files, string fault);

    [LoggerMessage(632, LogLevel.Warning, "{Files} can be used again.")]
    private partial void LogReadAgain(string files);
}
