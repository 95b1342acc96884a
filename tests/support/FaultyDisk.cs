namespace CapOrleans.Tests.Support;

/// <summary>
/// A file system in which a test can trigger an error, on which the kernel remounts it read-only: ext4 with
/// <c>errors=remount-ro</c>, as Debian mounts a root file system. Files that are open stay open.
/// </summary>
internal sealed class FaultyDisk : IAsyncDisposable
{
    private readonly string image;

    private FaultyDisk(string path) => (Path, image) = (path, $"{path}.img");

    public string Path { get; }

    public static async Task<FaultyDisk> MountAsync(string path)
    {
        var disk = new FaultyDisk(path);
        Directory.CreateDirectory(path);
        await using (var file = File.Create(disk.image))
        {
            file.SetLength(32 << 20);
        }

        await Child.RunAsync("mkfs.ext4", "-q", "-F", disk.image);
        await Child.RunAsync("mount", "-o", "loop,errors=remount-ro", disk.image, path);
        return disk;
    }

    public void TurnReadOnly()
    {
        var device = File.ReadLines("/proc/mounts").Select(line => line.Split(' ')).Single(mount => mount[1] == Path)[0];
        File.WriteAllText($"/sys/fs/ext4/{System.IO.Path.GetFileName(device)}/trigger_fs_error", "a fault that a test asked for");
    }

    /// <summary>Blocks every write from now on.</summary>
    public Task FreezeAsync() => Child.RunAsync("fsfreeze", "--freeze", Path);

    public Task ThawAsync() => Child.RunAsync("fsfreeze", "--unfreeze", Path);

    public async ValueTask DisposeAsync() => await Child.RunAsync("umount", "--lazy", Path);
}

/// <summary>A test that needs a <see cref="FaultyDisk"/>.</summary>
internal sealed class FaultyDiskFactAttribute : FactAttribute
{
    public FaultyDiskFactAttribute() => Skip = Environment.IsPrivilegedProcess && File.Exists("/dev/loop-control") && File.Exists(
        "/usr/sbin/mkfs.ext4")
        ? null : "It mounts an ext4 file system of its own, which needs root, a loop device and mkfs.ext4.";
}
