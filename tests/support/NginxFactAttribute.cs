namespace CapOrleans.Tests.Support;

/// <summary>A test that needs Debian's nginx, which <c>./test</c> installs when it is allowed to.</summary>
public sealed class NginxFactAttribute : FactAttribute
{
    public const string Program = "/usr/sbin/nginx";

    public NginxFactAttribute() => Skip = File.Exists(Program) ? null : "There is no nginx on this machine: sudo apt-get install nginx-light";
}
