using System.Text;
using CapOrleans.Core.Settings;

namespace CapOrleans.Silo.Files;

/// <summary>
/// Reads the files that settings name and those in the data directory: regular ones of a bounded size only. Opening a
/// pipe would wait for its writer, and a device or a wrong name could exhaust memory.
/// </summary>
internal static class RegularFile
{
    /// <summary>For settings, keys, keystores and tokens. 64 KiB.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>For certificates: a whole system's authorities take some 220 KiB. 1 MiB.</summary>
    public const int MaxCertificateBytes = 1024 * 1024;

    /// <exception cref="IOException">It does not exist, or is not a regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not read it.</exception>
    public static FileStream Open(string path) => FileStatus.TryRead(path, out var status) && !status.IsRegular
        ? throw new IOException($"{path} is {status.Kind}, not a regular file.")
        : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <exception cref="IOException">It is larger.</exception>
    public static byte[] ReadAll(FileStream file, int maxBytes)
    {
        // A file in /proc does not have the length that it reports.
        var bytes = new byte[maxBytes + 1];
        var count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return count <= maxBytes ? bytes[..count] : throw new IOException($"{file.Name} is larger than {maxBytes} bytes.");
    }

    /// <summary>UTF-8, with or without a byte order mark.</summary>
    /// <exception cref="IOException">It does not exist, is larger, or is not a regular file.</exception>
    /// <exception cref="UnauthorizedAccessException">This process may not read it.</exception>
    public static string ReadText(string path, int maxBytes = MaxBytes)
    {
        using var file = Open(path);
        var text = Encoding.UTF8.GetString(ReadAll(file, maxBytes));
        return text.StartsWith('\uFEFF') ? text[1..] : text;
    }

    /// <returns>Null for a file that cannot be read, for whatever reason.</returns>
    public static string? TryReadText(string path)
    {
        try
        {
            return ReadText(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
