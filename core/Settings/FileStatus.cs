using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CapOrleans.Core.Settings;

/// <summary>
/// A file's attributes from <c>struct statx</c>, of which these fields are the same on every architecture.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
public partial struct FileStatus
{
    private const int CurrentFolder = -100, EmptyPath = 0x1000, NoFollow = 0x100;
    private const uint BasicStats = 0x7FF;
    private const int TypeBits = 0xF000, RegularType = 0x8000, LinkType = 0xA000;

    [FieldOffset(20)]
    private uint owner;

    [FieldOffset(28)]
    private ushort mode;

    public readonly uint Owner => owner;

    public readonly UnixFileMode Mode => (UnixFileMode)(mode & 0xFFF);

    public readonly bool IsRegular => (mode & TypeBits) == RegularType;

    public readonly bool IsLink => (mode & TypeBits) == LinkType;

    /// <summary>The file's type, for people.</summary>
    public readonly string Kind => (mode & TypeBits) switch
    {
        RegularType => "a regular file",
        0x1000 => "a named pipe",
        0x2000 or 0x6000 => "a device",
        0x4000 => "a directory",
        0xC000 => "a socket",
        _ => "of an unknown kind",
    };

    /// <summary>Reads the attributes of a path; follows links.</summary>
    /// <returns>False when they cannot be read; the system's error is then the last P/Invoke error.</returns>
    public static bool TryRead(string path, out FileStatus status) => Stat(CurrentFolder, path, 0, BasicStats, out status) == 0;

    /// <summary>Reads the attributes of a path; of a link, those of the link itself.</summary>
    /// <inheritdoc cref="TryRead(string, out FileStatus)"/>
    public static bool TryReadEntry(string path, out FileStatus status) => Stat(CurrentFolder, path, NoFollow, BasicStats, out status) == 0;

    /// <inheritdoc cref="TryRead(string, out FileStatus)"/>
    public static bool TryRead(SafeFileHandle handle, out FileStatus status) => Stat(handle, "", EmptyPath, BasicStats, out status) == 0;

    /// <summary>Returns the effective user id of this process.</summary>
    public static uint EffectiveUser() => GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Stat(SafeFileHandle folder, string path, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Stat(int folder, string path, int flags, uint mask, out FileStatus status);
}
