using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CapOrleans.Silo.Settings;

/// <summary>Whether anybody but this process's user and root can have written a file.</summary>
internal static partial class FileTrust
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>More links one behind another are a loop.</summary>
    private const int MaxLinks = 40;

    /// <param name="handle">The open file: what is checked is what is read.</param>
    /// <returns>What is wrong, and what mends it; null for nothing.</returns>
    public static string? Fault(string path, SafeFileHandle handle)
    {
        if (Fault(path, FileStatus.TryRead(handle, out var file), file, isFolder: false) is { } fault)
        {
            return fault;
        }

        // Whoever can write the folder can replace the file; of a link, both folders count.
        var entry = Path.GetFullPath(path);
        for (var i = 0; i < MaxLinks; i++)
        {
            var folder = Path.GetDirectoryName(entry) ?? "/";
            if (Fault(folder, FileStatus.TryRead(folder, out var status), status, isFolder: true) is { } open)
            {
                return open;
            }

            if (new FileInfo(entry).LinkTarget is not { } target)
            {
                return null;
            }

            entry = Path.GetFullPath(target, folder);
        }

        return $"{path} is a link without an end.";
    }

    private static string? Fault(string name, bool isFound, FileStatus found, bool isFolder)
    {
        if (!isFound)
        {
            return $"{name} cannot be looked at: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.";
        }

        if (found.Owner != 0 && found.Owner != EffectiveUser())
        {
            return $"{name} belongs to somebody else, who could set anything: chown it to the user of the service, or to root.";
        }

        return (found.Mode & OthersWrite) == 0 || (isFolder && found.Mode.HasFlag(UnixFileMode.StickyBit)) ? null
            : $"{name} can be written by others, who could set anything: chmod go-w {name}";
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
