using System.Text.RegularExpressions;

namespace CapOrleans.Silo.Settings;

/// <summary>
/// The names of all settings of the service, of <c>./run</c> and of <c>cap</c>: those that <c>.env.example</c>
/// documents, set or commented out.
/// </summary>
public static partial class SettingNames
{
    public static IReadOnlySet<string> Known { get; } = Read();

    /// <summary>
    /// Whether a name begins like <c>Gate__</c>, <c>Auth__</c> and so on, in any case: only settings of ours have such
    /// names.
    /// </summary>
    public static bool IsInGroup(string name) => Groups.Any(group => name.StartsWith(group, StringComparison.OrdinalIgnoreCase));

    private static IReadOnlyList<string> Groups { get; } =
        [.. Known.Where(name => name.Contains("__", StringComparison.Ordinal)).Select(name => name[..(name.IndexOf("__",
            StringComparison.Ordinal) + 2)]).Distinct()];

    private static HashSet<string> Read()
    {
        using var example = typeof(SettingNames).Assembly.GetManifestResourceStream(".env.example")!;
        using var reader = new StreamReader(example);
        return [.. Line().Matches(reader.ReadToEnd()).Select(match => match.Groups[1].Value)];
    }

    [GeneratedRegex("^(?:# )?([A-Za-z_][A-Za-z0-9_]*)=", RegexOptions.Multiline)]
    private static partial Regex Line();
}
