namespace CapOrleans.TestHost;

/// <summary>The checkout that this program was built from.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder.FullName, "CapOrleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("CapOrleans.sln is in no folder above the program.");
        }

        return folder.FullName;
    }
}
