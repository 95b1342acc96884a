using System.Runtime.InteropServices;
using CapOrleans.Core.Settings;
using Microsoft.Win32.SafeHandles;

namespace CapOrleans.Silo.Files;

/// <summary>
/// Checks that only this process's user and root can have written a file, or have chosen which file it is: that
/// concerns every folder and every link on the way to it.
/// </summary>
internal static class FileTrust
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>More links in a row count as a loop.</summary>
    private const int MaxLinks = 40;

    /// <param name="handle">The open file, so that what is checked is what is read.</param>
    /// <returns>What is wrong and how to fix it; null for nothing.</returns>
    public static string? Fault(string path, SafeFileHandle handle) =>
        (FileStatus.TryRead(handle, out var file) ? Fault(path, file, isFolder: false) : Unseen(path)) ?? FaultOnTheWay(path);

    /// <returns>What is wrong with a folder of secrets, whose existence others may see; null for nothing.</returns>
    public static string? FolderFault(string path) => !FileStatus.TryRead(path, out var folder) ? Unseen(path)
        : Stranger(path, folder) ?? (!folder.Mode.HasFlag(UnixFileMode.OtherWrite) ? null
            : $"{path} is writable by other users, who could change any setting: run chmod o-w {path}");

    /// <summary>Walks the path as the system does: from the root, one folder or link at a time.</summary>
    private static string? FaultOnTheWay(string path)
    {
        var (at, links, ahead) = ("/", 0, new Stack<string>());
        Push(ahead, Path.GetFullPath(path));
        while (ahead.TryPop(out var name))
        {
            if ((FileStatus.TryRead(at, out var folder) ? Fault(at, folder, isFolder: true) : Unseen(at)) is { } fault)
            {
                return fault;
            }

            var next = name == ".." ? Path.GetDirectoryName(at) ?? "/" : Path.Combine(at, name);
            if (!FileStatus.TryReadEntry(next, out var entry))
            {
                return Unseen(next);
            }

            if (!entry.IsLink)
            {
                at = next;
                continue;
            }

            if (Stranger(next, entry) is { } stranger) // in a folder like /tmp, the link's owner can point it elsewhere
            {
                return stranger;
            }

            if (++links > MaxLinks || new FileInfo(next).LinkTarget is not { } target)
            {
                return $"{path} is a symbolic link that loops or cannot be resolved.";
            }

            at = target.StartsWith('/') ? "/" : at;
            Push(ahead, target);
        }

        return null;
    }

    private static void Push(Stack<string> ahead, string path)
    {
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(name => name != ".").Reverse())
        {
            ahead.Push(name);
        }
    }

    private static string? Fault(string name, FileStatus found, bool isFolder) =>
        Stranger(name, found)
        ?? ((found.Mode & OthersWrite) == 0 || (isFolder && found.Mode.HasFlag(UnixFileMode.StickyBit)) ? null
            : $"{name} is writable by other users, who could change any setting: run chmod go-w {name}");

    private static string? Stranger(string name, FileStatus found) => found.Owner == 0 || found.Owner == FileStatus.EffectiveUser() ? null
        : $"{name} is owned by another user, who could change any setting: chown it to the service's user or to root.";

    private static string Unseen(string name) =>
        $"{name} cannot be inspected: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.";
}
