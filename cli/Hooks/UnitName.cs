namespace CapOrleans.Cli.Hooks;

/// <summary>Names of systemd units.</summary>
internal static class UnitName
{
    private static readonly string[] Types =
        [".service", ".socket", ".device", ".mount", ".automount", ".swap", ".target", ".path", ".timer", ".slice", ".scope"];

    /// <returns>The name with its type, which a dot alone does not make.</returns>
    public static string Full(string name) =>
        Array.Exists(Types, type => name.EndsWith(type, StringComparison.Ordinal)) ? name : $"{name}.service";

    /// <summary>Whether it can be a unit's name, also one that <c>systemd-escape</c> made, with backslashes.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= 255 && name[0] is not '.'
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '_' or '.' or '@' or '-' or '\\');
}
