using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CapOrleans.Tests.House;

/// <summary>The repository under test.</summary>
public sealed partial class HouseTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["contracts"] = [],
        ["client"] = ["contracts", "core"],
        ["core"] = ["contracts"],
        ["adapters/audit-log"] = ["contracts", "core"],
        ["adapters/archive"] = ["contracts", "core"],
        ["adapters/chain"] = ["adapters/ethereum", "contracts", "core"],
        ["adapters/ethereum"] = ["contracts", "core"],
        ["adapters/notify"] = ["contracts", "core"],
        ["http-edge"] = ["core"],
        ["log-verifier"] = ["core"],
        ["grain-interfaces"] = ["contracts"],
        ["grains"] = ["contracts", "core", "grain-interfaces"],
        ["api"] = ["contracts", "core", "grain-interfaces", "http-edge"],
        ["gate"] = ["client", "contracts", "core", "http-edge"],
        ["cli"] = ["adapters/ethereum", "client", "contracts", "core"],
        ["silo"] =
        [
            "adapters/archive", "adapters/audit-log", "adapters/chain", "adapters/ethereum", "adapters/notify",
            "api", "client", "contracts", "core", "gate", "grain-interfaces", "grains", "http-edge",
        ],
        ["bench"] = ["adapters/archive", "adapters/audit-log", "core", "log-verifier", "tests/host"],
        ["tests"] = ["bench", "cli", "silo", "tests/fuzzer", "tests/host"],
        ["tests/foreign"] = ["core", "grain-interfaces"],
        ["tests/fuzzer"] = ["adapters/chain", "adapters/ethereum", "core"],
        ["tests/host"] = ["core"],
    };

    /// <summary>Maximum lines of a source file and of a test file. May only be lowered.</summary>
    private const int LongestFile = 210, LongestTestFile = 417;

    /// <summary>
    /// Maximum characters of a line, the number of older lines that are longer, and maximum lines of a function. May
    /// only be lowered.
    /// </summary>
    private const int LongestLine = 140, LongLines = 685, LongTestLines = 737, LongestFunction = 61, LongestTest = 89;

    /// <summary>Maximum number of folders in the root, so that they can be taken in at a glance.</summary>
    private const int MostFolders = 16;

    [Fact]
    public void Every_project_refers_only_to_what_the_table_allows()
    {
        var projects = Sources("*.csproj").ToDictionary(path => Relative(Path.GetDirectoryName(path)!), XDocument.Load);
        Assert.Equal(Allowed.Keys.Order(), projects.Keys.Order());
        foreach (var (name, project) in projects)
        {
            var references = project.Descendants("ProjectReference")
                .Select(reference => Relative(Path.GetDirectoryName(Path.GetFullPath(reference.Attribute("Include")!.Value, Repository.File(name)))!));
            Assert.Empty(references.Except(Allowed[name]));
        }
    }

    [Fact]
    public void The_root_is_small_and_every_folder_explains_its_purpose()
    {
        var folders = Folders().ToList();
        Assert.InRange(folders.Count, 1, MostFolders);
        var documented = folders.Concat(Allowed.Keys.Select(project => Repository.File(project))).Distinct().ToList();
        Assert.Empty(documented.Where(folder => !File.Exists(Path.Combine(folder, "README.md"))).Select(Relative));
        Assert.Empty(documented.Where(folder => File.ReadLines(Path.Combine(folder, "README.md")).Count() > 15).Select(Relative));
    }

    [Fact]
    public void Core_and_contracts_see_no_runtime_no_HTTP_no_files_and_no_SQL()
    {
        foreach (var path in Sources("*.cs").Where(path => Relative(path).Split('/')[0] is "core" or "contracts"))
        {
            Assert.DoesNotMatch(Forbidden(), File.ReadAllText(path));
        }
    }

    [Fact]
    public void No_source_file_is_too_long()
    {
        foreach (var kind in Sources("*.cs").Select(path => (Lines: File.ReadLines(path).Count(), Path: Relative(path))).GroupBy(file => IsTest(file.Path)))
        {
            var longest = kind.Max();
            Assert.True(longest.Lines <= (kind.Key ? LongestTestFile : LongestFile), $"{longest.Path} has {longest.Lines} lines: it wants to be two ideas.");
        }
    }

    [Fact]
    public void Lines_and_functions_get_no_longer()
    {
        foreach (var kind in Sources("*.cs").Select(path => (Path: Relative(path), Lines: File.ReadAllLines(path))).GroupBy(file => IsTest(file.Path)))
        {
            Assert.InRange(kind.Sum(file => file.Lines.Count(line => line.Length > LongestLine)), 0, kind.Key ? LongTestLines : LongLines);
            var longest = kind.SelectMany(file => Functions(file.Lines).Select(lines => (Lines: lines, file.Path))).Max();
            Assert.True(longest.Lines <= (kind.Key ? LongestTest : LongestFunction), $"{longest.Path} has a function of {longest.Lines} lines.");
        }
    }

    [Fact]
    public void Every_open_task_has_an_issue_number() =>
        Assert.DoesNotContain(Sources("*.cs"), path => Unnumbered().IsMatch(File.ReadAllText(path)));

    /// <summary>What was reviewed is what is built: a package that the lock files do not name is a failure.</summary>
    [Fact]
    public void Every_restore_keeps_to_the_lock_files()
    {
        var lines = new[] { "run", "test", "cap", "bench.sh", "fuzz.sh", "deploy/lib.sh", ".ci/run" }.SelectMany(script => File.ReadLines(Repository.File(script.Split('/')))).ToList();
        Assert.DoesNotContain(lines, line => Restoring().IsMatch(line)); // only through msbuild in deploy/lib.sh, see BuildFolderTests
        Assert.Contains(lines, line => line.Contains("-p:RestoreLockedMode=true -p:RestoreForce=true)", StringComparison.Ordinal));
        Assert.Equal(2, lines.Count(line => line.Contains(" msbuild build ", StringComparison.Ordinal) || line.Contains(" msbuild publish ", StringComparison.Ordinal)));
        Assert.All(lines.Where(line => line.Contains("npm i", StringComparison.Ordinal) || line.Contains("npm ci", StringComparison.Ordinal)), line => Assert.Contains("npm ci ", line, StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("npm ci --ignore-scripts", StringComparison.Ordinal));
    }

    [Fact]
    public Task The_checked_in_contract_is_what_its_source_compiles_to() =>
        Child.RunAsync("node", Repository.File("contracts", "solidity", "compile.mjs"), "--check");

    [Fact]
    public Task The_gas_that_is_documented_is_what_the_contract_costs() =>
        Child.RunAsync("node", Repository.File("contracts", "solidity", "gas", "measure.mjs"), "--check");

    /// <returns>The number of lines of each member's body.</returns>
    private static IEnumerable<int> Functions(string[] lines)
    {
        var start = -1;
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i] == "    {")
            {
                start = i;
            }
            else if (lines[i] == "    }" && start > 0)
            {
                if (lines[start - 1].Contains(')', StringComparison.Ordinal) || lines[start - 1].StartsWith("        where ", StringComparison.Ordinal))
                {
                    yield return i - start - 1;
                }

                start = -1;
            }
        }
    }

    private static IEnumerable<string> Sources(string pattern) =>
        Folders().SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
            .Where(path => !path.Contains("node_modules", StringComparison.Ordinal));

    private static IEnumerable<string> Folders() => Directory.EnumerateDirectories(Repository.Root)
        .Where(folder => Path.GetFileName(folder) is { } name && !name.StartsWith('.') && name is not ("artifacts" or "data" or "logs"));

    private static string Relative(string path) => Path.GetRelativePath(Repository.Root, path);

    private static bool IsTest(string path) => path.StartsWith("tests/", StringComparison.Ordinal) && !Allowed.Keys.Any(project => project.StartsWith("tests/", StringComparison.Ordinal) && path.StartsWith($"{project}/", StringComparison.Ordinal));

    [GeneratedRegex(@"using (Orleans\.(?!Serialization)|System\.Net\.Http|Microsoft\.Data|Microsoft\.AspNetCore)|\bFile\.(Read|Write|Open)")]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"\bdotnet (build|publish|restore|run)\b")]
    private static partial Regex Restoring();

    [GeneratedRegex("TO" + @"DO(?! #\d+)|FIX" + "ME")]
    private static partial Regex Unnumbered();
}
