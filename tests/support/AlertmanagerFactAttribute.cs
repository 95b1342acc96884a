namespace CapOrleans.Tests.Support;

/// <summary>A test that needs Debian's Alertmanager, which <c>./test</c> installs when it is allowed to.</summary>
public sealed class AlertmanagerFactAttribute : FactAttribute
{
    public const string Program = "/usr/bin/prometheus-alertmanager";

    public AlertmanagerFactAttribute() =>
        Skip = File.Exists(Program) ? null : "There is no Alertmanager on this machine: sudo apt-get install prometheus-alertmanager";
}
