using CapOrleans.Silo.Files;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Silo.Files;

/// <summary>Files that settings name: one that is not a regular file does not block the start.</summary>
public sealed class RegularFileTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("KEYSTORE", "KEYSTORE_PASSPHRASE_FILE")]
    [InlineData("KEYSTORE_PASSPHRASE_FILE", "KEYSTORE")]
    [InlineData("Gate__ApiKeyFile")]
    [InlineData("Gate__ApiAuthorities")]
    [InlineData("Api__TlsCertificate", "Api__TlsKey")]
    [InlineData("Gate__ClientAuthorities", "Gate__TlsCertificate", "Gate__TlsKey")]
    public async Task A_pipe_in_place_of_a_file_is_a_fault_and_blocks_nothing(params string[] names)
    {
        await Child.RunAsync("mkfifo", directory.File("pipe"));
        await File.WriteAllTextAsync(directory.File("file"), "{}");
        var settings = names.Index().ToDictionary(name => name.Item, name => directory.File(name.Index == 0 ? "pipe" : "file"));
        var fault = await Assert.ThrowsAsync<SettingsException>(() =>
            Task.Run(() => SettingsReader.Read(settings.GetValueOrDefault)).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System));
        Assert.Contains(fault.Faults, line => line.Contains("regular file", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_read_is_bounded_and_loses_its_byte_order_mark()
    {
        var file = directory.File("file");
        File.WriteAllText(file, "\uFEFFkey\n");
        Assert.Equal("key\n", RegularFile.ReadText(file));
        Assert.Null(RegularFile.TryReadText(directory.File("nothing")));
        Assert.Contains("larger than 4 bytes", Assert.Throws<IOException>(() => RegularFile.ReadText(file, 4)).Message, StringComparison.Ordinal);
        Assert.NotEqual("", RegularFile.ReadText("/proc/self/status")); // its length is given as 0
    }
}
