using CapOrleans.TestHost;

namespace CapOrleans.Bench.Chaos;

/// <summary>A separate file system for the database, small enough to fill. Needs root.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static async Task<SmallDisk> MountAsync(string path, int megabytes)
    {
        Directory.CreateDirectory(path);
        await Child.RunAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=755", "tmpfs", path);
        return new SmallDisk(path);
    }

    /// <summary>Fills the disk.</summary>
    public void Fill()
    {
        var block = new byte[1024 * 1024];
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        try
        {
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Free() => File.Delete(Filler);

    /// <summary>Unmounts lazily: a process of the database may take a moment longer to end.</summary>
    public async ValueTask DisposeAsync() => await Child.RunAsync("umount", "--lazy", Path);
}
