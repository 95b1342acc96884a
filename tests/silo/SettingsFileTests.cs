using CapOrleans.Core.Settings;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Silo;

/// <summary>The service's <c>.env</c>: who may own it, and which processes may see its values.</summary>
public sealed class SettingsFileTests : IDisposable
{
    private readonly TempDirectory directory = new();

    private string Env => directory.File(".env");

    public void Dispose() => directory.Dispose();

    [Fact]
    public void No_file_sets_nothing() => Assert.Null(SettingsFile.Read(Env, []).Find("DATA_DIR"));

    [Fact]
    public void What_it_sets_is_literal_and_stays_out_of_the_environment()
    {
        File.WriteAllText(Env, "PRIVATE_KEY=ab$HOME\nDATABASE_URL='postgres://u:pa$$w\"rd@h/d'\n");
        var file = SettingsFile.Read(Env, []);
        Assert.Equal(("ab$HOME", "postgres://u:pa$$w\"rd@h/d"), (file.Find("PRIVATE_KEY"), file.Find("DATABASE_URL")));
        Assert.Null(Environment.GetEnvironmentVariable("PRIVATE_KEY"));
        Assert.Null(Environment.GetEnvironmentVariable("DATABASE_URL"));
    }

    [Fact]
    public async Task The_environment_wins_even_when_empty_and_the_scripts_get_the_rest()
    {
        await File.WriteAllTextAsync(Env, "API_PORT=1\nDATABASE_URL=postgres://h/d\nCAP_ID='A B'\nDATA_DIR=x\n");
        using var child = Child.Start(
            "dotnet", [Repository.File("artifacts", "bin", "CapOrleans.Silo", "release", "caporleans.dll"), "--print-settings", "API_PORT", "DATABASE_URL", "CAP_ID", "GATE_PORT"],
            new Dictionary<string, string> { ["API_PORT"] = "2", ["DATABASE_URL"] = "" }, directory.Path);
        Assert.Equal(0, await child.ExitAsync());
        Assert.Equal("CAP_ID=A B\0", child.Output);
    }

    [Fact]
    public async Task An_unusable_file_is_reported_in_one_message_and_nothing_starts()
    {
        await File.WriteAllTextAsync(Env, "API_PORT=1\nPRIVATE_KEY='0xhunter2\n");
        using var child = Child.Start("dotnet", [Repository.File("artifacts", "bin", "CapOrleans.Silo", "release", "caporleans.dll")], folder: directory.Path);
        Assert.Equal(2, await child.ExitAsync());
        Assert.Contains(".env, line 2: a quote that is not closed", child.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", child.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_environment_variable_with_one_of_our_prefixes_must_be_a_setting()
    {
        var fault = Assert.Throws<SettingsException>(() => SettingsFile.Read(Env, ["PATH", "Gate__Api", "Gate__Spoolhours", "GATE__NAME",
            "Auth__OpenId__Autority"]));
        Assert.Equal<string>(
            [
                "Environment: Auth__OpenId__Autority is not a setting; the closest is Auth__OpenId__Authority.",
                "Environment: GATE__NAME is not a setting; the closest is Gate__Name.",
                "Environment: Gate__Spoolhours is not a setting; the closest is Gate__SpoolHours.",
            ],
            fault.Faults);
    }

    [Fact]
    public void An_unknown_setting_is_a_fault_that_names_the_nearest_one_and_no_value()
    {
        File.WriteAllText(Env, $"API_PRT=hunter2\nLD_PRELOAD=hunter2\n{new string('s', 64)}=hunter2\n");
        var fault = Assert.Throws<SettingsException>(() => SettingsFile.Read(Env, []));
        Assert.Equal(3, fault.Faults.Count);
        Assert.EndsWith("line 1: API_PRT is not a setting; the closest is API_PORT.", fault.Faults[0], StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sss", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_or_a_folder_that_others_can_write_is_not_taken(UnixFileMode others)
    {
        File.WriteAllText(Env, "API_PORT=1\n");
        File.SetUnixFileMode(Env, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);
        Assert.Contains($"chmod go-w {Env}", Assert.Throws<SettingsException>(() => SettingsFile.Read(Env, [])).Message,
            StringComparison.Ordinal);

        File.SetUnixFileMode(Env, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var own = File.GetUnixFileMode(directory.Path);
        File.SetUnixFileMode(directory.Path, own | others);
        Assert.EndsWith($"chmod go-w {directory.Path}", Assert.Throws<SettingsException>(() => SettingsFile.Read(Env, [])).Message,
            StringComparison.Ordinal);

        // In a folder with a sticky bit, as /tmp has, no one else can replace the file.
        File.SetUnixFileMode(directory.Path, own | others | UnixFileMode.StickyBit);
        Assert.Equal("1", SettingsFile.Read(Env, []).Find("API_PORT"));
    }

    [Fact]
    public void The_folder_of_a_link_s_target_is_checked_too()
    {
        Directory.CreateDirectory(directory.File("shared"));
        File.WriteAllText(directory.File("shared/env"), "API_PORT=1\n");
        File.CreateSymbolicLink(Env, "shared/env");
        Assert.Equal("1", SettingsFile.Read(Env, []).Find("API_PORT"));
        File.SetUnixFileMode(directory.File("shared"), (UnixFileMode)0b111_111_111);
        Assert.Contains($"chmod go-w {directory.File("shared")}", Assert.Throws<SettingsException>(() => SettingsFile.Read(Env,
            [])).Message, StringComparison.Ordinal);
    }

    [RootFact]
    public async Task A_file_or_folder_of_another_user_is_refused()
    {
        await File.WriteAllTextAsync(Env, "API_PORT=1\n");
        await Child.RunAsync("chown", "nobody", Env);
        Assert.Contains("is owned by another user", Assert.Throws<SettingsException>(() => SettingsFile.Read(Env, [])).Message,
            StringComparison.Ordinal);
        await Child.RunAsync("chown", "root", Env);
        await Child.RunAsync("chown", "nobody", directory.Path);
        Assert.Contains("is owned by another user", Assert.Throws<SettingsException>(() => SettingsFile.Read(Env, [])).Message,
            StringComparison.Ordinal);
        await Child.RunAsync("chown", "root", directory.Path);
        Assert.Equal("1", SettingsFile.Read(Env, []).Find("API_PORT"));
    }

    [Fact]
    public void Every_parent_folder_is_checked_too()
    {
        Directory.CreateDirectory(directory.File("shared/own"));
        var env = directory.File("shared/own/.env");
        File.WriteAllText(env, "API_PORT=1\n");
        Assert.Equal("1", SettingsFile.Read(env, []).Find("API_PORT"));
        File.SetUnixFileMode(directory.File("shared"), (UnixFileMode)0b111_111_111);
        Assert.EndsWith($"chmod go-w {directory.File("shared")}", Assert.Throws<SettingsException>(() => SettingsFile.Read(env,
            [])).Message, StringComparison.Ordinal);
    }

    [RootFact]
    public async Task A_link_that_another_user_can_redirect_is_refused()
    {
        Directory.CreateDirectory(directory.File("own"));
        await File.WriteAllTextAsync(directory.File("own/env"), "API_PORT=1\n");
        Directory.CreateDirectory(directory.File("theirs"));
        File.CreateSymbolicLink(directory.File("theirs/folder"), "../own");
        File.CreateSymbolicLink(Env, "theirs/folder/env");
        Assert.Equal("1", SettingsFile.Read(Env, []).Find("API_PORT"));
        await Child.RunAsync("chown", "nobody", directory.File("theirs"));
        Assert.Contains($"{directory.File("theirs")} is owned by another user", Assert.Throws<SettingsException>(() => SettingsFile.Read(
            Env, [])).Message, StringComparison.Ordinal);

        // In a folder with a sticky bit, as /tmp has, no one else can replace a link; its owner can.
        await Child.RunAsync("chown", "root", directory.File("theirs"));
        File.SetUnixFileMode(directory.File("theirs"), (UnixFileMode)0b001_111_111_101);
        Assert.Equal("1", SettingsFile.Read(Env, []).Find("API_PORT"));
        await Child.RunAsync("chown", "-h", "nobody", directory.File("theirs/folder"));
        Assert.Contains("theirs/folder is owned by another user", Assert.Throws<SettingsException>(() => SettingsFile.Read(Env,
            [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_is_resolved_as_the_system_does_it()
    {
        Directory.CreateDirectory(directory.File("far/deep"));
        File.WriteAllText(directory.File("far/env"), "API_PORT=1\n");
        File.CreateSymbolicLink(directory.File("near"), "far/deep");
        File.CreateSymbolicLink(Env, "near/../env"); // far/env
        Assert.Equal("1", SettingsFile.Read(Env, []).Find("API_PORT"));
        File.SetUnixFileMode(directory.File("far"), (UnixFileMode)0b111_111_111);
        Assert.EndsWith($"chmod go-w {directory.File("far")}", Assert.Throws<SettingsException>(() => SettingsFile.Read(Env,
            [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipe_or_folder_or_huge_file_is_one_clear_fault_and_blocks_nothing()
    {
        await Child.RunAsync("mkfifo", Env);
        Assert.Contains("a named pipe, not a regular file", await FaultAsync(), StringComparison.Ordinal);
        File.Delete(Env);
        File.CreateSymbolicLink(Env, "/dev/zero");
        Assert.Contains("a device, not a regular file", await FaultAsync(), StringComparison.Ordinal);
        File.Delete(Env);
        Directory.CreateDirectory(Env);
        Assert.Contains("a directory, not a regular file", await FaultAsync(), StringComparison.Ordinal);
        Directory.Delete(Env);
        await File.WriteAllTextAsync(Env, new string('#', 64 * 1024));
        Assert.Null(SettingsFile.Read(Env, []).Find("API_PORT"));
        await File.AppendAllTextAsync(Env, "#");
        Assert.Contains("larger than 65536 bytes", await FaultAsync(), StringComparison.Ordinal);
    }

    private async Task<string> FaultAsync() => Assert.Single((await Assert.ThrowsAsync<SettingsException>(() =>
        Task.Run(() => SettingsFile.Read(Env, [])).WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System))).Faults);

    [Fact]
    public void The_example_can_be_copied_as_it_is()
    {
        File.Copy(Repository.File(".env.example"), Env);
        File.SetUnixFileMode(Env, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal("SYS-CORE", SettingsFile.Read(Env, []).Find("CAP_ID"));
        Assert.Contains("CAP_SPOOL", SettingNames.Known);
    }
}
