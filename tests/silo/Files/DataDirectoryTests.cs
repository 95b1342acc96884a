using CapOrleans.Silo;
using CapOrleans.Silo.Files;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Silo.Files;

/// <summary>What a node leaves on disk is accessible to its owner only.</summary>
public sealed class DataDirectoryTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite, Folder = Owner | UnixFileMode.UserExecute;

    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Every_file_of_a_node_is_for_its_owner_alone_whatever_the_umask()
    {
        using var node = Child.Start(
            "sh", ["-c", "umask 000; exec dotnet \"$0\"", Repository.File("artifacts", "bin", "CapOrleans.Silo", "release", "caporleans.dll")],
            new Dictionary<string, string> { ["DATA_DIR"] = "data", ["API_PORT"] = $"{Child.FreePort()}", ["GATE_PORT"] = $"{Child.FreePort()}" }, directory.Path);
        await node.LineAsync("CapOrleans is ready", TimeSpan.FromMinutes(1));
        Assert.Equal(Folder, File.GetUnixFileMode(directory.File("data")));
        var open = Directory.EnumerateFiles(directory.File("data"), "*", SearchOption.AllDirectories).Where(file => File.GetUnixFileMode(file) != Owner);
        Assert.Empty(open.Select(Path.GetFileName));
        Assert.DoesNotContain("chmod 700", node.Output, StringComparison.Ordinal);
        node.Signal(15);
        Assert.Equal(0, await node.ExitAsync());
    }

    [Theory]
    [InlineData(UnixFileMode.None, false)]
    [InlineData(UnixFileMode.OtherExecute, false)]
    [InlineData(UnixFileMode.OtherRead, true)]
    [InlineData(UnixFileMode.GroupWrite, true)]
    public void A_folder_that_others_use_is_named_and_left_as_it_is(UnixFileMode others, bool isOpen)
    {
        var folder = directory.File("wide");
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, Folder | others);
        using var data = DataDirectory.Open(folder, isShared: true);
        Assert.Equal(isOpen, data.IsOpenToOthers);
        Assert.Equal(Folder | others, File.GetUnixFileMode(folder));
    }

    [Fact]
    public void A_folder_that_anybody_can_write_to_holds_no_secrets()
    {
        Directory.CreateDirectory(directory.File("wide"));
        File.SetUnixFileMode(directory.File("wide"), Folder | UnixFileMode.OtherWrite);
        Assert.Contains("chmod o-w", Assert.Throws<IOException>(() => DataDirectory.Open(directory.File("wide"), isShared: true)).Message, StringComparison.Ordinal);
    }

    [RootFact]
    public async Task A_folder_of_another_user_is_refused_for_secrets()
    {
        Directory.CreateDirectory(directory.File("planted"));
        await File.WriteAllTextAsync(directory.File("planted/admin-token"), "cap_00000000_0123456789abcdef0123456789abcdef");
        await Child.RunAsync("chown", "nobody", directory.File("planted"));
        Assert.Contains("is owned by another user", Assert.Throws<IOException>(() => DataDirectory.Open(directory.File("planted"), isShared: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_of_a_cluster_that_start_at_once_share_it() => Parallel.For(0, 200, _ =>
    {
        using var data = DataDirectory.Open(directory.File("shared"), isShared: true);
    });

    [Fact]
    public async Task A_pipe_in_place_of_a_secret_is_a_fault_and_blocks_nothing()
    {
        using var data = DataDirectory.Open(directory.File("data"), isShared: true);
        await Child.RunAsync("mkfifo", directory.File("data/gate-token"));
        var fault = await Assert.ThrowsAsync<IOException>(() => Task.Run(data.GateToken).WaitAsync(TimeSpan.FromMinutes(1),
            TimeProvider.System));
        Assert.Contains("a named pipe, not a regular file", fault.Message, StringComparison.Ordinal);
    }
}
