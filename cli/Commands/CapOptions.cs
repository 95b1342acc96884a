using System.CommandLine;

namespace CapOrleans.Cli.Commands;

/// <summary>Arguments and options that commands about a CapID share.</summary>
internal static class CapOptions
{
    public static Argument<string> CapId() => new("CAPID") { Description = "The CapID" };

    public static Option<string?> AdminKey() => new("--admin-key")
    {
        Description = "File with an admin key of the CapID that signs the change; without it, the operator's token is used",
    };
}
