using System.Security.Cryptography;

namespace CapOrleans.Cli;

/// <summary>Files that are their owner's only, and whole or not there.</summary>
internal static class OwnFile
{
    /// <summary>EWOULDBLOCK, which a lock that is held gives.</summary>
    private const int WouldBlock = 11;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="CliFaultException">It exists, or cannot be written.</exception>
    public static void Create(string file, string text) => Write(file, text);

    /// <exception cref="CliFaultException">It cannot be written; what was there is there.</exception>
    public static void Replace(string file, string text)
    {
        var draft = $"{file}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}"; // a name that nobody else can have made before
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

    /// <summary>What a <see cref="Replace"/> that was killed left behind. Only while the file is locked: then no other is under way.</summary>
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

    /// <summary>Another process holds the file. On a disk that has become read-only, opening it fails too, and nobody is to be waited for.</summary>
    public static bool IsHeld(IOException fault) => fault.HResult == WouldBlock;

    /// <summary>Nobody else changes what is locked until it is disposed of.</summary>
    /// <exception cref="CliFaultException">Somebody else does just now.</exception>
    public static FileStream Lock(string file)
    {
        try
        {
            return OpenLock($"{file}.lock");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CliFaultException(ExitCodes.Unreachable, $"{file} is being changed, or cannot be: {fault.Message}");
        }
    }

    /// <exception cref="IOException">It is held (<see cref="IsHeld"/>), or cannot be made.</exception>
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
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} cannot be made: {fault.Message}");
        }
    }
}
