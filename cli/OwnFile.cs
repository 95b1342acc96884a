namespace CapOrleans.Cli;

/// <summary>Files with secrets: their owner's only, and whole or not there.</summary>
internal static class OwnFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="CliFaultException">It exists, or cannot be written.</exception>
    public static void Create(string file, string text) => Write(file, text, FileMode.CreateNew);

    public static void Replace(string file, string text)
    {
        Write($"{file}.new", text, FileMode.Create);
        File.Move($"{file}.new", file, overwrite: true);
    }

    private static void Write(string file, string text, FileMode mode)
    {
        try
        {
            using var writer = new StreamWriter(file, new FileStreamOptions { Mode = mode, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
            writer.Write(text);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} cannot be made: {fault.Message}");
        }
    }
}
