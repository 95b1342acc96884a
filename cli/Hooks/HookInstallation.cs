using System.Text;
using System.Text.Json.Nodes;

namespace CapOrleans.Cli.Hooks;

/// <summary>Files that make a host call the hook.</summary>
internal static class HookInstallation
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>A check may hold a secret.</summary>
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>cron and watchdog look in fewer places than a person's shell does.</summary>
    private const string SystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Each of the three has rules of its own for what is not plain.</summary>
    private static string Program
    {
        get
        {
            var path = Environment.GetEnvironmentVariable("CAP_HOME") is { Length: > 0 } home ? Path.Combine(Path.GetFullPath(home), "cap") : Environment.ProcessPath!;
            return path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or '+')
                ? path
                : throw new CliFaultException(ExitCodes.Misconfigured, $"cap lies at '{path}': put it where the path has letters, digits and . _ - + only, for example /usr/local/bin/cap.");
        }
    }

    /// <summary>One template, and for each unit a drop-in that names it.</summary>
    public static IReadOnlyList<InstalledFile> Systemd(string folder, IReadOnlyList<string> units, string severity) =>
    [
        new(Path.Combine(folder, "cap-hook@.service"), Readable, $"""
            [Unit]
            Description=Report the failure of %i

            [Service]
            Type=oneshot
            EnvironmentFile=-/etc/default/cap
            ExecStart={Program} hook unit %i --severity {severity}
            # 4: no gate took it; it waits on this host's disk
            SuccessExitStatus=4

            """),
        .. units.Select(unit => new InstalledFile(Path.Combine(folder, $"{(unit.Contains('.', StringComparison.Ordinal) ? unit : unit + ".service")}.d", "cap-hook.conf"), Readable, """
            [Unit]
            OnFailure=cap-hook@%n.service

            """)),
    ];

    /// <summary>A line of its own for cron; of the checks that it makes, only changes are reported.</summary>
    public static InstalledFile Cron(string folder, string name, string check, string severity, int minutes) => new(Path.Combine(folder, $"cap-hook-{name}"), OwnerOnly, $"""
        # Settings of the hook are in /etc/default/cap
        PATH={SystemPath}
        {(minutes == 1 ? "*" : $"*/{minutes}")} * * * * root {Line(name, check, severity).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal)}

        """);

    /// <summary>A test of watchdog(8). It always succeeds: what it finds is reported, and is no reason to restart the machine.</summary>
    public static InstalledFile Watchdog(string folder, string name, string check, string severity) => new(Path.Combine(folder, $"cap-hook-{name}"), OwnerOnly | UnixFileMode.UserExecute, $"""
        #!/bin/sh
        # Settings of the hook are in /etc/default/cap
        PATH={SystemPath}
        export PATH
        [ "$1" = test ] && {Line(name, check, severity)}
        exit 0

        """);

    /// <exception cref="CliFaultException">A file cannot be written; those before it were.</exception>
    public static void Write(IEnumerable<InstalledFile> files)
    {
        foreach (var (path, mode, text) in files)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = mode });
                File.SetUnixFileMode(stream.SafeFileHandle, mode); // of one that was there, too, and before anything is in it
                stream.Write(Encoding.UTF8.GetBytes(text));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                throw new CliFaultException(ExitCodes.Misconfigured, $"{path} cannot be written: {fault.Message}");
            }
        }
    }

    private static string Line(string name, string check, string severity) =>
        $"/bin/sh -c 'set -a; [ ! -r /etc/default/cap ] || . /etc/default/cap; exec \"$0\" \"$@\"' {Program} hook watch --once --name {name} --severity {severity} --check {Quote(check)}";

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

internal sealed record InstalledFile(string Path, UnixFileMode Mode, string Text)
{
    public JsonNode ToJson() => new JsonObject { ["path"] = Path, ["text"] = Text };
}
