namespace CapOrleans.Cli.Hooks;

/// <summary>The files that make systemd call the hook: one template, and for each unit a drop-in that names it.</summary>
internal static class HookInstallation
{
    public static int Run(IReadOnlyList<string> units, string folder, bool isWanted)
    {
        var program = Environment.GetEnvironmentVariable("CAP_HOME") is { Length: > 0 } home ? Path.Combine(Path.GetFullPath(home), "cap") : Environment.ProcessPath!;
        var files = new List<(string Path, string Text)>
        {
            (Path.Combine(folder, "cap-hook@.service"), $"""
                [Unit]
                Description=Report the failure of %i

                [Service]
                Type=oneshot
                # CAP_ID, AGENT_ID, VPN_ENDPOINT, DATA_DIR or CAP_PASSPHRASE_FILE of this host
                EnvironmentFile=-/etc/default/cap
                ExecStart={program} hook unit %i
                # 4: no gate took it; it waits on this host's disk
                SuccessExitStatus=4

                """),
        };
        files.AddRange(units.Select(unit => (Path.Combine(folder, $"{(unit.Contains('.', StringComparison.Ordinal) ? unit : unit + ".service")}.d", "cap-hook.conf"), """
            [Unit]
            OnFailure=cap-hook@%n.service

            """)));
        foreach (var (path, text) in files)
        {
            Console.WriteLine($"# {path}\n{text}");
            if (isWanted)
            {
                Write(path, text);
            }
        }

        Console.Error.WriteLine(isWanted ? "Written. Now: systemctl daemon-reload" : "Nothing was written; say --yes to write it.");
        return ExitCodes.Done;
    }

    private static void Write(string path, string text)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{path} cannot be written: {fault.Message}");
        }
    }
}
