using CapOrleans.Core.Settings;
using CapOrleans.Silo.Files;

namespace CapOrleans.Silo.Settings;

/// <summary>
/// The settings in a <c>.env</c> file. They stay in this process: none of them enters its environment, which child
/// processes inherit.
/// </summary>
public sealed class SettingsFile
{
    /// <summary>A longer name is more likely a misplaced secret, and is not repeated.</summary>
    private const int MaxNameShown = 40;

    private readonly Dictionary<string, string> settings;

    private SettingsFile(Dictionary<string, string> settings) => this.settings = settings;

    /// <param name="path">A file that does not exist sets nothing.</param>
    /// <exception cref="SettingsException">
    /// The file is not a regular one of at most 64 KiB, others can write it, or it has a syntax error; or it or the
    /// environment sets an unknown name. The message contains no value.
    /// </exception>
    /// <param name="environment">
    /// Names in this process's environment: one that begins like a group of our settings must be a setting.
    /// </param>
    public static SettingsFile Read(string path, IEnumerable<string> environment)
    {
        IReadOnlyList<EnvSetting> lines;
        try
        {
            lines = EnvFile.Parse(Bytes(path));
        }
        catch (EnvFileException fault)
        {
            throw new SettingsException([$"{path}, {fault.Message}"]);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            lines = [];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException([$"{path} cannot be read: {fault.Message}"]);
        }

        var unknown = lines.Where(line => !SettingNames.Known.Contains(line.Name)).Select(line => $"{path}, line {line.Line}: {Unknown(line.Name)}");
        var strange = environment.Where(name => SettingNames.IsInGroup(name) && !SettingNames.Known.Contains(name))
            .Order(StringComparer.Ordinal).Select(name => $"Environment: {Unknown(name)}");
        return unknown.Concat(strange).ToList() is { Count: > 0 } faults
            ? throw new SettingsException(faults)
            : new SettingsFile(lines.ToDictionary(line => line.Name, line => line.Value, StringComparer.Ordinal));
    }

    private static string Unknown(string name) => name.Length > MaxNameShown ? "no setting has a name this long."
        : $"{name} is not a setting; the closest is {NearestName.Of(name, SettingNames.Known)}.";

    /// <summary>
    /// Returns a setting. The environment takes precedence, even with an empty value: that is how a setting of the file
    /// is unset.
    /// </summary>
    /// <returns>Null when neither sets it.</returns>
    public string? Find(string name) => Environment.GetEnvironmentVariable(name) ?? settings.GetValueOrDefault(name);

    /// <summary>
    /// Writes <c>NAME=value</c> and a NUL for each name that the file sets and the environment does not: for scripts,
    /// which have no parser of their own.
    /// </summary>
    public void Print(IEnumerable<string> names, TextWriter output)
    {
        foreach (var name in names.Where(name => Environment.GetEnvironmentVariable(name) is null && settings.ContainsKey(name)))
        {
            output.Write($"{name}={settings[name]}\0");
        }

        output.Flush();
    }

    private static byte[] Bytes(string path)
    {
        using var file = RegularFile.Open(path);
        if (FileTrust.Fault(path, file.SafeFileHandle) is { } fault)
        {
            throw new SettingsException([fault]);
        }

        return RegularFile.ReadAll(file, RegularFile.MaxBytes);
    }
}
