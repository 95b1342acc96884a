namespace CapOrleans.Tests.Support;

/// <summary>A test that mounts something.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "It mounts a small file system, which needs root.";
}
