using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using CapOrleans.Contracts.Incidents;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// Signed incidents that no gate took, one file each, in the order of their making. A file is whole or not there: written beside, flushed to
/// the disk, renamed.
/// </summary>
internal sealed partial class HookSpool : IDisposable
{
    /// <summary>Incidents that are kept; one more is refused, so that a host with a fault does not fill its disk as well.</summary>
    public const int MaxFiles = 1000;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string folder;
    private readonly FileStream theLock;

    private HookSpool(string folder, FileStream theLock) => (this.folder, this.theLock) = (folder, theLock);

    /// <summary>Waits for another hook that is sending.</summary>
    /// <exception cref="CliFaultException">The folder cannot be written.</exception>
    public static async Task<HookSpool> OpenAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            while (true)
            {
                try
                {
                    return new HookSpool(folder, OwnFile.OpenLock(Path.Combine(folder, "lock")));
                }
                catch (IOException fault) when (OwnFile.IsHeld(fault))
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellationToken);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(folder, fault);
        }
    }

    /// <returns>Files in the order in which they were kept.</returns>
    public IReadOnlyList<string> Files() => [.. Directory.EnumerateFiles(folder, "*.json").Where(file => OurName().IsMatch(Path.GetFileName(file))).Order(StringComparer.Ordinal)];

    /// <returns>The file.</returns>
    public string Keep(IncidentReport report, byte[] incident)
    {
        var files = Files();
        if (files.Count >= MaxFiles)
        {
            throw new CliFaultException(ExitCodes.Unreachable, $"The spool {folder} holds {MaxFiles} incidents already: bring the gate back, then 'cap hook flush'.");
        }

        // The names say the order; what was kept last has the highest number, whatever the clock says.
        var last = files.Count == 0 ? 0 : long.Parse(Path.GetFileName(files[^1]).Split('-')[0], CultureInfo.InvariantCulture);
        var tail = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{report.CapId}/{report.IncidentId}")).AsSpan(0, 6));
        var file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{last + 1:D12}-{tail}.json"));
        try
        {
            using (var draft = new FileStream($"{file}.new", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
            {
                draft.Write(incident);
                draft.Flush(flushToDisk: true);
            }

            File.Move($"{file}.new", file);
            return file;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw NotWritten(folder, fault);
        }
    }

    private static CliFaultException NotWritten(string folder, Exception fault) =>
        new(ExitCodes.Unreachable, $"The spool {folder} cannot be written: {fault.Message} See CAP_SPOOL.");

    /// <summary>What was refused is put aside, with the reason beside it, and sent no more.</summary>
    public static void PutAside(string file, string reason)
    {
        File.Move(file, $"{file}.refused", overwrite: true);
        using var why = new StreamWriter($"{file}.why", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        why.WriteLine(Printable.Text(reason));
    }

    /// <summary>What was put aside waits again, in its old place.</summary>
    public void BringBack()
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.json.refused").ToList())
        {
            File.Move(file, file[..^".refused".Length], overwrite: true); // the same incident, when it was reported again
            File.Delete($"{file[..^".refused".Length]}.why");
        }
    }

    public void Dispose() => theLock.Dispose();

    [GeneratedRegex(@"^\d{12}-[0-9a-f]{12}\.json$")]
    private static partial Regex OurName();
}
