using System.Text;
using System.Text.Json.Nodes;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Cli.Hooks;

/// <summary>Files that make a host call the hook.</summary>
internal static class HookInstallation
{
    private const string DropInName = "cap-hook.conf";

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Mode of files that may contain a secret, as a check may.</summary>
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>cron and watchdog have a shorter PATH than a user's shell.</summary>
    private const string SystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static string Program => RequirePlain(Environment.GetEnvironmentVariable("CAP_HOME") is { Length: > 0 } home
        ? Path.Combine(Path.GetFullPath(home), "cap") : Environment.ProcessPath!);

    /// <summary>A template unit for the severity, and for each unit a drop-in that names it.</summary>
    public static IReadOnlyList<InstalledFile> Systemd(string folder, IReadOnlyList<string> units, string severity) =>
    [
        new(Path.Combine(folder, Template(severity)), Readable, $"""
            [Unit]
            Description=Report the failure of %i

            [Service]
            Type=oneshot
            EnvironmentFile=-/etc/default/cap
            # systemd reads escapes in what stands here, and none in the variable that names the unit (MONITOR_UNIT, 251 and later)
            ExecStart={Program} hook unit %i --severity {severity}
            # 4: no gate took it; it waits on this host's disk
            SuccessExitStatus=4

            """),
        .. units.Select(unit => new InstalledFile(DropIn(folder, unit), Readable, $"""
            [Unit]
            OnFailure={Instance(severity)}

            """)),
    ];

    private static string Template(string severity) => $"cap-hook-{severity}@.service";

    private static string Instance(string severity) => $"cap-hook-{severity}@%n.service";

    /// <summary>A line for cron, in a file of its own; only changes of the check's result are reported.</summary>
    public static IReadOnlyList<InstalledFile> Cron(string folder, string name, string check, string severity, int minutes) =>
    [
        Check(folder, "cron", name, check),
        new(LauncherFile(folder, name), OwnerOnly, $"""
            # Settings of the hook are in /etc/default/cap
            PATH={SystemPath}
            {(minutes == 1 ? "*" : $"*/{minutes}")} * * * * root {Line(folder, "cron", name, severity)}

            """),
    ];

    /// <summary>
    /// A test of watchdog(8). It always succeeds: a failure is reported, and is no reason to restart the machine.
    /// </summary>
    public static IReadOnlyList<InstalledFile> Watchdog(string folder, string name, string check, string severity) =>
    [
        Check(folder, "watchdog", name, check),
        new(LauncherFile(folder, name), OwnerOnly | UnixFileMode.UserExecute, $"""
            #!/bin/sh
            # Settings of the hook are in /etc/default/cap
            PATH={SystemPath}
            export PATH
            [ "$1" = test ] && {Line(folder, "watchdog", name, severity)}
            exit 0

            """),
    ];

    /// <returns>Installed files of these units that exist, including templates that no other unit uses.</returns>
    public static IReadOnlyList<string> OfSystemd(string folder, IReadOnlyList<string> units)
    {
        var ours = units.Select(unit => DropIn(folder, unit)).Where(File.Exists).ToList();
        var others = (Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, "*.d") : [])
            .Select(drop => Path.Combine(drop, DropInName)).Where(file => File.Exists(file) && !ours.Contains(file)).Select(
                File.ReadAllText).ToList();
        var templates = Severity.Ladder.Where(severity => !others.Exists(text => text.Contains(Instance(severity),
            StringComparison.Ordinal)))
            .Select(severity => Path.Combine(folder, Template(severity))).Where(File.Exists);
        return [.. ours, .. templates];
    }

    /// <returns>Installed files of this check that exist.</returns>
    public static IReadOnlyList<string> OfCheck(string folder, string kind, string name) =>
        [.. new[] { LauncherFile(folder, name), CheckFile(folder, kind, name) }.Where(File.Exists)];

    /// <exception cref="CliFaultException">A file cannot be written; those before it were.</exception>
    public static void Write(IEnumerable<InstalledFile> files)
    {
        foreach (var (path, mode, text) in files)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = mode });
                File.SetUnixFileMode(stream.SafeFileHandle, mode); // also for an existing file, and before it has any content
                stream.Write(Encoding.UTF8.GetBytes(text));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                throw new CliFaultException(ExitCodes.Misconfigured, $"{path} cannot be written: {fault.Message}");
            }
        }
    }

    /// <exception cref="CliFaultException">One cannot be deleted; those before it were.</exception>
    public static void Delete(IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            try
            {
                File.Delete(file);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                throw new CliFaultException(ExitCodes.Misconfigured, $"{file} cannot be deleted: {fault.Message}");
            }
        }
    }

    /// <summary>A file for the check alone, so that neither cron nor watchdog interprets its text.</summary>
    /// <exception cref="CliFaultException">A different check has this name.</exception>
    private static InstalledFile Check(string folder, string kind, string name, string check)
    {
        var (file, text) = (CheckFile(folder, kind, name), $"#!/bin/sh\n{check}\n");
        return !File.Exists(file) || CapEnvironment.Read(file, "a check") == text
            ? new InstalledFile(file, OwnerOnly | UnixFileMode.UserExecute, text)
            : throw new CliFaultException(ExitCodes.Misconfigured, $"{file} is a different check with the name {name}: choose another " +
                $"--name, or remove that one with 'cap hook uninstall --with {kind} --name {name} --yes'.");
    }

    private static string Line(string folder, string kind, string name, string severity) =>
        "/bin/sh -c 'set -a; [ ! -r /etc/default/cap ] || . /etc/default/cap; exec \"$0\" \"$@\"' "
        + $"{Program} hook watch --once --name {name} --severity {severity} --check {RequirePlain(CheckFile(folder, kind, name))}";

    private static string LauncherFile(string folder, string name) => Path.Combine(folder, $"cap-hook-{name}");

    /// <summary>Outside the folder, because cron and watchdog would call the check there.</summary>
    private static string CheckFile(string folder, string kind, string name) =>
        Path.GetFullPath(Path.Combine(folder, "..", "cap", "hooks", $"{kind}-{name}"));

    private static string DropIn(string folder, string unit) => Path.Combine(folder, $"{UnitName.Full(unit)}.d", DropInName);

    /// <summary>Refuses other characters: systemd, cron and watchdog each quote them differently.</summary>
    private static string RequirePlain(string path) => path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or '+')
        ? path
        : throw new CliFaultException(
            ExitCodes.Misconfigured, $"'{path}' may contain only letters, digits and . _ - +: choose another " +
                "location, for example below /usr/local.");
}

internal sealed record InstalledFile(string Path, UnixFileMode Mode, string Text)
{
    public JsonNode ToJson() => new JsonObject { ["path"] = Path, ["text"] = Text };
}
