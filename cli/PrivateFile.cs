using System.Security.Cryptography;

namespace CapOrleans.Cli;

/// <summary>
/// Files that only their owner can access. <see cref="Replace"/> is atomic: a file is complete, or as it was.
/// </summary>
internal static class PrivateFile
{
    /// <summary>EWOULDBLOCK, the error of a lock that another process holds.</summary>
    private const int WouldBlock = 11;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="CliFaultException">The file exists, or cannot be written.</exception>
    public static void Create(string file, string text) => Write(file, text);

    /// <exception cref="CliFaultException">The file cannot be written; its content is unchanged.</exception>
    public static void Replace(string file, string text)
    {
        var draft = $"{file}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}"; // a name that no one else can have created before
        try
        {
            Write(draft, text);
            File.Move(draft, file, overwrite: true);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    /// <summary>
    /// Deletes what a killed <see cref="Replace"/> left behind. Only while the file is locked, so that no other is
    /// under way.
    /// </summary>
    public static void DeleteDrafts(string file)
    {
        const int Digits = 8;
        foreach (var draft in Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(file))!, $"{Path.GetFileName(file)}.*"))
        {
            var ending = Path.GetExtension(draft)[1..];
            if (ending.Length == Digits && ending.All(char.IsAsciiHexDigitLower))
            {
                File.Delete(draft);
            }
        }
    }

    /// <summary>
    /// Whether another process holds the lock. Opening also fails on a disk that has become read-only, where waiting is
    /// pointless.
    /// </summary>
    public static bool IsHeld(IOException fault) => fault.HResult == WouldBlock;

    /// <summary>Locks a file, so that no one else changes it until the lock is disposed of.</summary>
    /// <exception cref="CliFaultException">Another process is changing it, or it cannot be locked.</exception>
    public static FileStream Lock(string file)
    {
        try
        {
            return OpenLock($"{file}.lock");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CliFaultException(ExitCodes.Unreachable, $"{file} is being changed by another process, or " +
                $"cannot be locked: {fault.Message}");
        }
    }

    /// <exception cref="IOException">The lock is held (<see cref="IsHeld"/>), or cannot be created.</exception>
    public static FileStream OpenLock(string file) =>
        new(file, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnerOnly });

    private static void Write(string file, string text)
    {
        try
        {
            if (Path.GetDirectoryName(file) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            }

            using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
            using (var writer = new StreamWriter(stream, leaveOpen: true))
            {
                writer.Write(text);
            }

            stream.Flush(flushToDisk: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} cannot be created: {fault.Message}");
        }
    }
}
