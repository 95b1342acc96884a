using System.Text.RegularExpressions;

namespace CapOrleans.Tests.House;

/// <summary>
/// Within a project, namespaces refer to each other in one direction only: what two of them share belongs in a third.
/// </summary>
public sealed partial class NamespaceCircleTests
{
    /// <summary>Projects that still have cycles. The list may only get shorter.</summary>
    private static readonly string[] WithCircles = [];

    [Fact]
    public void Namespaces_of_a_project_form_no_circles()
    {
        var projects = Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetDirectoryName(path)!)
            .Where(folder => !folder.Contains("/artifacts/", StringComparison.Ordinal) && !folder.Contains("/tests", StringComparison.Ordinal) && !folder.Contains("node_modules", StringComparison.Ordinal));
        Assert.Equal(WithCircles, projects.Where(project => HasCircle(References(project))).Select(project => Path.GetRelativePath(Repository.Root, project)).Order());
    }

    [Fact]
    public void A_circle_is_found()
    {
        Assert.True(HasCircle([("A", "B"), ("B", "C"), ("C", "A")]));
        Assert.False(HasCircle([("A", "B"), ("B", "C"), ("A", "C")]));
    }

    /// <summary>
    /// A file refers to a namespace when it can see it and contains a word that is the name of a type there.
    /// </summary>
    private static HashSet<(string From, string To)> References(string project)
    {
        var files = Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText)
            .Select(text => (Text: NoCode().Replace(text, ""), Namespace: Namespace().Match(text).Groups[1].Value)).Where(file => file.Namespace.Length > 0).ToList();
        var types = files.SelectMany(file => Type().Matches(file.Text).Select(type => (Name: type.Groups[1].Value, file.Namespace))).ToLookup(type => type.Name, type => type.Namespace);
        var references = new HashSet<(string From, string To)>();
        foreach (var (text, from) in files)
        {
            var usings = Using().Matches(text).Select(line => line.Groups[1].Value).ToHashSet();
            references.UnionWith(Word().Matches(text).Select(word => word.Value).Distinct().SelectMany(word => types[word])
                .Where(to => to != from && (usings.Contains(to) || from.StartsWith($"{to}.", StringComparison.Ordinal))).Select(to => (from, to)));
        }

        return references;
    }

    /// <summary>
    /// Removes references to namespaces that refer to nothing else, until none is left to remove; the rest is cycles.
    /// </summary>
    private static bool HasCircle(HashSet<(string From, string To)> references)
    {
        var left = references.ToHashSet();
        while (left.RemoveWhere(reference => !left.Any(other => other.From == reference.To)) > 0)
        {
        }

        return left.Count > 0;
    }

    [GeneratedRegex(@"//.*|""(?:\\.|[^""\\\r\n])*""")]
    private static partial Regex NoCode();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"\b(?:class|record struct|record|struct|interface|enum) ([A-Z]\w*)")]
    private static partial Regex Type();

    [GeneratedRegex(@"\b[A-Z]\w*\b")]
    private static partial Regex Word();
}
