using System.Text.RegularExpressions;
using CapOrleans.Contracts;

namespace CapOrleans.Tests.House;

/// <summary>Problem types: declared in one place, documented, and each provoked by a test.</summary>
public sealed partial class ProblemTypesTests
{
    [Fact]
    public void Every_name_that_the_code_has_is_declared_and_every_declared_one_is_used()
    {
        var used = Sources(isTest: false).Where(path => !path.EndsWith("ProblemTypes.cs", StringComparison.Ordinal)).SelectMany(path => Named(path, File.ReadAllText(path)));
        Assert.Equal(string.Join(' ', ProblemTypes.Meanings.Keys), string.Join(' ', used.Distinct().Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void The_documented_table_is_that_of_the_code() => Assert.Equal(
        ProblemTypes.Meanings.Select(meaning => $"| `{meaning.Key}` | {meaning.Value} |"),
        File.ReadLines(Repository.File("docs", "problems.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal)));

    [Fact]
    public void Every_name_appears_in_a_test()
    {
        var tests = string.Concat(Sources(isTest: true).Where(path => !path.EndsWith("ProblemTypesTests.cs", StringComparison.Ordinal)).Select(File.ReadAllText));
        Assert.All(ProblemTypes.Meanings.Keys, name => Assert.True(
            tests.Contains($"\"{name}\"", StringComparison.Ordinal) || tests.Contains($":{name}\"", StringComparison.Ordinal), name));
    }

    private static IEnumerable<string> Sources(bool isTest) => Directory.EnumerateFiles(Repository.Root, "*.cs", SearchOption.AllDirectories)
        .Where(path => Path.GetRelativePath(Repository.Root, path).Split('/') is [var folder, ..] && folder is not ("artifacts" or "bench" or "cli") && folder.StartsWith("tests", StringComparison.Ordinal) == isTest)
        .Where(path => !path.Contains("node_modules", StringComparison.Ordinal));

    /// <summary>
    /// Names at the places that create a problem, refusal or ruling, and the names that change requests are refused
    /// with.
    /// </summary>
    private static IEnumerable<string> Named(string path, string text) =>
        Made().Matches(text).Concat(path.EndsWith("CapRefusals.cs", StringComparison.Ordinal) ? Constant().Matches(text) : []).Select(match => match.Groups[1].Value);

    [GeneratedRegex("""
        (?:\b(?:Problems|GateProblems|HttpProblem)\.Of\(\s*(?:status|StatusCodes\.\w+|[\w.]+)\s*,(?:\s*[^",;()]*\?[^",;]*)?\s*|\bnew(?:\ Refusal)?\((?=\s*"[a-z-]+",\s*\$?")\s*|\bRefuse\(\s*Verdict\.\w+,\s*|\bOf\(\s*StatusCodes\.\w+,\s*|\bOf\(status,[^;]*?|\b(?:Forbidden|Conflict)\(\s*|\b(?:StatusCodes\.\w+),\s*)"([a-z]+(?:-[a-z]+)*)",
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Made();

    [GeneratedRegex("= \"([a-z-]+)\"")]
    private static partial Regex Constant();
}
