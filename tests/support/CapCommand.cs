namespace CapOrleans.Tests.Support;

/// <summary>The <c>cap</c> command as hosts get it: one native executable, without .NET.</summary>
/// <param name="folder">Working directory.</param>
public sealed class CapCommand(string folder, params (string Name, string Value)[] environment)
{
    private static readonly Lazy<string> Native = new(() =>
    {
        var native = Repository.File("artifacts", "native", "cap");
        var sources = ((string[])["cli", "core", "contracts", "adapters/ethereum"]).SelectMany(folder => Directory.EnumerateFiles(Repository.File(folder), "*.cs", SearchOption.AllDirectories));
        return sources.Max(File.GetLastWriteTimeUtc) < File.GetLastWriteTimeUtc(native)
            ? native
            : throw new InvalidOperationException($"{native} is missing or older than its sources: run ./test, or ./cap --make-native.");
    });

    public static string Program => Native.Value;

    public Child Start(params string[] arguments) => Child.Start(Program, arguments, Environment, folder);

    private Dictionary<string, string> Environment =>
        environment.Append(("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")).DistinctBy(pair => pair.Item1).ToDictionary(pair => pair.Item1, pair => pair.Item2);

    /// <summary>Runs the command and returns its output verbatim, by way of a file.</summary>
    public async Task<(int Code, string Output)> RunToFileAsync(params string[] arguments)
    {
        var file = Path.Combine(folder, "printed");
        using var shell = Child.Start("/bin/sh", ["-c", $"exec \"$0\" \"$@\" > {file} 2>&1", Program, .. arguments], Environment, folder);
        return (await shell.ExitAsync(), await File.ReadAllTextAsync(file));
    }

    public async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var cap = Start(arguments);
        var code = await cap.ExitAsync();
        return (code, cap.Output);
    }
}
