namespace CapOrleans.Tests.EndToEnd;

/// <summary>
/// ./cap and ./run may be called from any folder: files there, and above the project, do not affect the build.
/// </summary>
public sealed class BuildFolderTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("build Release")]
    [InlineData("native_cap")]
    [InlineData("need_dotnet")]
    public async Task The_SDK_is_chosen_in_the_project_s_folder_wherever_the_caller_stands(string call)
    {
        var (hostile, project) = (Folder("hostile"), Folder("project"));
        File.WriteAllText(
            Path.Combine(Folder("bin"), "dotnet"), $"#!/bin/sh\npwd >> {directory.File("stood")}\necho \"$@\" >> {directory.File("asked")}\necho 10.0.100\n");
        File.SetUnixFileMode(directory.File("bin/dotnet"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await ShellAsync(hostile, $"root={project}; . {Repository.File("deploy", "lib.sh")}; ({call}); true");
        Assert.All(await File.ReadAllLinesAsync(directory.File("stood")), folder => Assert.Equal(project, folder));
        Assert.All(
            (await File.ReadAllLinesAsync(directory.File("asked"))).Where(line => !line.StartsWith("--list-sdks", StringComparison.Ordinal)),
            line => Assert.Contains("-noAutoResponse -p:ImportDirectorySolutionProps=false", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Files_above_the_project_do_not_affect_the_build()
    {
        var (above, project) = (Folder("above"), Folder("above/project"));
        File.WriteAllText(Path.Combine(above, "global.json"), """{"sdk":{"version":"10.0.999","paths":["nowhere"]}}""");
        File.WriteAllText(Path.Combine(above, "Directory.Build.targets"), "<Project><Target Name=\"Evil\" BeforeTargets=\"Print\"><Error Text=\"ran\" /></Target></Project>");
        foreach (var file in (string[])["global.json", "Directory.Build.props", "nuget.config"])
        {
            File.Copy(Repository.File(file), Path.Combine(project, file));
        }

        File.WriteAllText(
            Path.Combine(project, "x.csproj"), "<Project Sdk=\"Microsoft.NET.Sdk\"><Target Name=\"Print\"><Message Importance=\"high\" Text=\"built\" /></Target></Project>");
        var output = await ShellAsync(project, "dotnet msbuild x.csproj -t:Print -noAutoResponse -nologo 2>&1");
        Assert.Contains("built", output, StringComparison.Ordinal);
        Assert.DoesNotContain("ran", output, StringComparison.Ordinal);
    }

    private string Folder(string name) => Directory.CreateDirectory(directory.File(name)).FullName;

    private async Task<string> ShellAsync(string folder, string script)
    {
        using var shell = Child.Start(
            "/bin/bash", ["-c", script], new Dictionary<string, string> { ["PATH"] = $"{directory.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}" }, folder);
        await shell.ExitAsync();
        return shell.Output;
    }
}
