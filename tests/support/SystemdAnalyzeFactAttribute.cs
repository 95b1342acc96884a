namespace CapOrleans.Tests.Support;

/// <summary>A test that asks systemd itself.</summary>
public sealed class SystemdAnalyzeFactAttribute : FactAttribute
{
    public const string Program = "/usr/bin/systemd-analyze";

    public SystemdAnalyzeFactAttribute() =>
        Skip = File.Exists(Program) ? null : "There is no systemd on this machine: sudo apt-get install systemd";
}
