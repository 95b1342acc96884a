namespace CapOrleans.Tests.Support;

/// <summary>
/// A test in which a real systemd starts a real nginx: needs root, both programs, and mounted cgroups v2.
/// </summary>
public sealed class SystemdFactAttribute : FactAttribute
{
    public SystemdFactAttribute() => Skip = !Environment.IsPrivilegedProcess ? "Only root may make namespaces."
        : !File.Exists("/lib/systemd/systemd") ? "There is no systemd on this machine: sudo apt-get install systemd"
        : !File.Exists(NginxFactAttribute.Program) ? "There is no nginx on this machine: sudo apt-get install nginx-light"
        : ControlGroups is null ? "This machine has no control groups of version 2."
        : null;

    /// <summary>Mount point of cgroups v2; null when they are not mounted.</summary>
    public static string? ControlGroups { get; } = File.ReadLines("/proc/mounts").Select(line => line.Split(' ')).FirstOrDefault(mount => mount[2] == "cgroup2")?[1];
}
