namespace CapOrleans.Cli.Hooks;

/// <summary>What a gate refused.</summary>
internal sealed partial class HookSpool
{
    public int CountRefused() => Directory.EnumerateFiles(folder, "*.json.refused").Count();

    /// <summary>What was refused is put aside, with the reason beside it, and sent no more.</summary>
    public static void PutAside(string file, string reason)
    {
        File.Move(file, $"{file}.refused", overwrite: true);
        File.Delete(TriedFile(file));
        using var why = new StreamWriter($"{file}.why", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly });
        why.WriteLine(Printable.Text(reason));
    }

    /// <summary>What was put aside waits again, in its old place.</summary>
    public async Task BringBackAsync(CancellationToken cancellationToken)
    {
        using var alone = await LockAsync(cancellationToken);
        foreach (var file in Directory.EnumerateFiles(folder, "*.json.refused").ToList())
        {
            File.Move(file, file[..^".refused".Length], overwrite: true); // the same incident, when it was reported again
            File.Delete($"{file[..^".refused".Length]}.why");
        }
    }
}
