namespace CapOrleans.Tests.Support;

/// <summary>A test that mounts something, or acts as another user.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "It mounts a small file system or acts as another user, which needs root.";
}
