namespace CapOrleans.Tests.Support;

/// <summary>A test of what only root can do: mount, or act as another user.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Environment.IsPrivilegedProcess ? null : "It mounts a file system or acts as another user, which needs root.";
}
