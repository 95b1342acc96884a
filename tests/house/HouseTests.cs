using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CapOrleans.Tests.House;

/// <summary>The repository under test.</summary>
public sealed partial class HouseTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["contracts"] = [],
        ["core"] = ["contracts"],
        ["audit-log"] = ["contracts", "core"],
        ["archive"] = ["contracts", "core"],
        ["chain"] = ["contracts", "core", "ethereum"],
        ["ethereum"] = ["contracts", "core"],
        ["notify"] = ["contracts", "core"],
        ["http-edge"] = ["core"],
        ["grain-interfaces"] = ["contracts"],
        ["grains"] = ["contracts", "core", "grain-interfaces"],
        ["api"] = ["contracts", "core", "grain-interfaces", "http-edge"],
        ["gate"] = ["contracts", "core", "http-edge"],
        ["cli"] = ["contracts", "core", "ethereum"],
        ["silo"] = ["api", "archive", "audit-log", "chain", "contracts", "core", "ethereum", "gate", "grain-interfaces", "grains", "http-edge", "notify"],
        ["bench"] = ["core"],
        ["fuzz"] = ["chain", "core", "ethereum"],
        ["foreign"] = ["core", "grain-interfaces"],
        ["tests"] = ["bench", "cli", "fuzz", "silo"],
    };

    /// <summary>Lines that a source file may have. It only ever goes down.</summary>
    private const int LongestFile = 210;

    [Fact]
    public void Every_project_refers_only_to_what_the_table_allows()
    {
        var projects = Sources("*.csproj").ToDictionary(path => Path.GetFileName(Path.GetDirectoryName(path))!, XDocument.Load);
        Assert.Equal(Allowed.Keys.Order(), projects.Keys.Order());
        foreach (var (name, project) in projects)
        {
            var references = project.Descendants("ProjectReference").Select(reference => reference.Attribute("Include")!.Value.Split('/')[^2]);
            Assert.Empty(references.Except(Allowed[name]));
        }
    }

    [Fact]
    public void Core_and_contracts_see_no_runtime_no_HTTP_no_files_and_no_SQL()
    {
        foreach (var path in Sources("*.cs").Where(path => Folder(path) is "core" or "contracts"))
        {
            Assert.DoesNotMatch(Forbidden(), File.ReadAllText(path));
        }
    }

    [Fact]
    public void No_source_file_makes_one_scroll()
    {
        var longest = Sources("*.cs").Where(path => Folder(path) != "tests").Select(path => (Lines: File.ReadLines(path).Count(), path)).Max();
        Assert.True(longest.Lines <= LongestFile, $"{longest.path} has {longest.Lines} lines: it wants to be two ideas.");
    }

    [Fact]
    public void Nothing_is_left_to_be_done_without_a_number() =>
        Assert.DoesNotContain(Sources("*.cs"), path => Unnumbered().IsMatch(File.ReadAllText(path)));

    /// <summary>What was reviewed is what is built: another package than the lock files name is a failure.</summary>
    [Fact]
    public void Every_restore_keeps_to_the_lock_files()
    {
        var lines = new[] { "run", "test", "cap", "bench.sh", "fuzz.sh", "deploy/lib.sh", ".ci/run" }.SelectMany(script => File.ReadLines(Repository.File(script.Split('/')))).ToList();
        Assert.DoesNotContain(lines, line => Restoring().IsMatch(line)); // but through msbuild of deploy/lib.sh, see BuildFolderTests
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

    private static IEnumerable<string> Sources(string pattern) =>
        Directory.EnumerateDirectories(Repository.Root)
            .Where(folder => Path.GetFileName(folder) is not ("artifacts" or ".git" or "data"))
            .SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
            .Where(path => !path.Contains("node_modules", StringComparison.Ordinal));

    private static string Folder(string path) => Path.GetRelativePath(Repository.Root, path).Split('/')[0];

    [GeneratedRegex(@"using (Orleans\.(?!Serialization)|System\.Net\.Http|Microsoft\.Data|Microsoft\.AspNetCore)|\bFile\.(Read|Write|Open)")]
    private static partial Regex Forbidden();

    [GeneratedRegex(@"\bdotnet (build|publish|restore|run)\b")]
    private static partial Regex Restoring();

    [GeneratedRegex("TO" + @"DO(?! #\d+)|FIX" + "ME")]
    private static partial Regex Unnumbered();
}
