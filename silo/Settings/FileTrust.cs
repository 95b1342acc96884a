using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CapOrleans.Silo.Settings;

/// <summary>Whether anybody but this process's user and root can have written a file.</summary>
internal static partial class FileTrust
{
    private const int CurrentFolder = -100, EmptyPath = 0x1000;
    private const uint BasicStats = 0x7FF;
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>More links one behind another are a loop.</summary>
    private const int MaxLinks = 40;

    /// <param name="handle">The open file: what is checked is what is read.</param>
    /// <returns>What is wrong, and what mends it; null for nothing.</returns>
    public static string? Fault(string path, SafeFileHandle handle)
    {
        if (Fault(path, handle, "", EmptyPath, isFolder: false) is { } fault)
        {
            return fault;
        }

        // Whoever can write the folder can replace the file; of a link, both folders count.
        var entry = Path.GetFullPath(path);
        for (var i = 0; i < MaxLinks; i++)
        {
            var folder = Path.GetDirectoryName(entry) ?? "/";
            if (Fault(folder, null, folder, 0, isFolder: true) is { } open)
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

    private static string? Fault(string name, SafeFileHandle? handle, string path, int flags, bool isFolder)
    {
        var code = handle is null ? Stat(CurrentFolder, path, flags, BasicStats, out var found) : Stat(handle, path, flags, BasicStats, out found);
        if (code != 0)
        {
            return $"{name} cannot be looked at: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.";
        }

        var mode = (UnixFileMode)(found.Mode & 0xFFF);
        if (found.Owner != 0 && found.Owner != EffectiveUser())
        {
            return $"{name} belongs to somebody else, who could set anything: chown it to the user of the service, or to root.";
        }

        return (mode & OthersWrite) == 0 || (isFolder && mode.HasFlag(UnixFileMode.StickyBit)) ? null
            : $"{name} can be written by others, who could set anything: chmod go-w {name}";
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Stat(SafeFileHandle folder, string path, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Stat(int folder, string path, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    /// <summary>What is read of <c>struct statx</c>, which is the same on every machine.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileStatus
    {
        [FieldOffset(20)]
        public uint Owner;

        [FieldOffset(28)]
        public ushort Mode;
    }
}
