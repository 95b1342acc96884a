using System.Text.RegularExpressions;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Settings;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// Signed incidents that no gate accepted, one file each, in the order in which they were kept. A file is complete or
/// absent: it is written under a draft name, flushed to the disk and renamed.
/// </summary>
internal sealed partial class HookSpool
{
    /// <summary>
    /// Maximum number of queued incidents; one more is refused, so that a faulty host does not fill its disk as well.
    /// Critical ones have a higher limit.
    /// </summary>
    public const int MaxFiles = 1000, MaxFilesIfCritical = 1200;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode OthersMayWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private readonly string folder;

    private HookSpool(string folder) => this.folder = folder;

    private string AwayFile => Path.Combine(folder, "away");

    /// <summary>
    /// Whether a sender found the gate unavailable since then. A time in the future, from a clock that was set back, is
    /// ignored.
    /// </summary>
    public bool WasGateUnavailableSince(DateTimeOffset since)
    {
        var at = File.GetLastWriteTimeUtc(AwayFile);
        return at >= since.UtcDateTime && at <= TimeProvider.System.GetUtcNow().UtcDateTime;
    }

    /// <exception cref="CliFaultException">The folder cannot be written.</exception>
    public static HookSpool Open(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            return !FileStatus.TryRead(folder, out var status) ? new HookSpool(folder)
                : status.Owner is not 0 && status.Owner != FileStatus.EffectiveUser()
                    ? throw Unsafe($"The spool {folder} belongs to another user, who could redirect what is written there. See CAP_SPOOL.")
                : (status.Mode & OthersMayWrite) != 0
                    ? throw Unsafe($"Others may write to the spool {folder} and could redirect what is written there: chmod go-w {folder}")
                : new HookSpool(folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(folder, fault);
        }
    }

    /// <summary>Acquires the lock for sending; its owner sends for all hooks.</summary>
    /// <returns>Null while another hook has the lock.</returns>
    /// <exception cref="CliFaultException">The folder cannot be written.</exception>
    public FileStream? TryLockSending()
    {
        try
        {
            return PrivateFile.OpenLock(Path.Combine(folder, "sending"));
        }
        catch (IOException fault) when (PrivateFile.IsHeld(fault))
        {
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(folder, fault);
        }
    }

    /// <summary>Records that the gate is unavailable, so that hooks that wait for this one need not try.</summary>
    public void MarkGateUnavailable()
    {
        try
        {
            File.WriteAllBytes(AwayFile, []);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Then each of them has to try.
        }
    }

    /// <returns>
    /// Files in the order in which they were kept; then those that something between here and the gate refused, the
    /// most recently tried at the end.
    /// </returns>
    public IReadOnlyList<string> Files() =>
    [
        .. Directory.EnumerateFiles(folder, "*.json").Where(file => OurName().IsMatch(Path.GetFileName(file)))
            .Select(file => (File: file, TriedAt: File.GetLastWriteTimeUtc(TriedFile(file))))
            .OrderBy(file => file.TriedAt).ThenBy(file => file.File, StringComparer.Ordinal).Select(file => file.File),
    ];

    /// <summary>Moves a report behind all others: the gate is available, but this report did not get through.</summary>
    public static void MarkTried(string file)
    {
        try
        {
            Touch(TriedFile(file));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // On a full disk it keeps its position.
        }
    }

    private static void Touch(string file)
    {
        new FileStream(file, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly }).Dispose();
        File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime);
    }

    public static void Remove(string file)
    {
        File.Delete(file);
        File.Delete(TriedFile(file));
    }

    private static string TriedFile(string file) => $"{file}.tried";

    /// <returns>The path of the file.</returns>
    public async Task<string> KeepAsync(IncidentReport report, byte[] incident, CancellationToken cancellationToken)
    {
        using var spoolLock = await LockAsync(cancellationToken);
        return Keep(report, incident);
    }

    private string Keep(IncidentReport report, byte[] incident)
    {
        var files = Files();
        var tail = TailOf($"{report.CapId}/{report.IncidentId}");
        if (files.FirstOrDefault(kept => kept.EndsWith($"-{tail}.json", StringComparison.Ordinal) && IsSame(kept, incident)) is { } same)
        {
            return same; // an earlier hook kept it and got no further
        }

        if (files.Count >= CapacityFor(report.SeverityClaimed))
        {
            throw new CliFaultException(ExitCodes.Unreachable,
                $"The spool {folder} already contains {files.Count} incidents: make the gate available again, then 'cap hook flush'.");
        }

        var file = NewFile($"{report.CapId}/{report.IncidentId}");
        Write(file, incident);
        return file;
    }

    private static int CapacityFor(string? severity) => severity == Severity.Critical ? MaxFilesIfCritical : MaxFiles;

    private static CliFaultException Unsafe(string why) => new(ExitCodes.Unreachable, why);

    private static CliFaultException NotWritten(string folder, Exception fault) =>
        new(ExitCodes.Unreachable, $"The spool {folder} cannot be written: {fault.Message} See CAP_SPOOL.");

    /// <summary>Acquires the lock for writing a file; it is never held while something is sent.</summary>
    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    return PrivateFile.OpenLock(Path.Combine(folder, "lock"));
                }
                catch (IOException fault) when (PrivateFile.IsHeld(fault))
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(folder, fault);
        }
    }

    [GeneratedRegex(@"^\d{12}-[0-9a-f]{12}\.json$")]
    private static partial Regex OurName();
}
