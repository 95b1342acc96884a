using System.Text.Json.Nodes;
using CapOrleans.Client.Signing;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Hooks;

/// <summary>What a gate refused, and what could not be signed.</summary>
internal sealed partial class HookSpool
{
    private const string Refused = ".refused";

    public int CountRefused() => Directory.EnumerateFiles(folder, $"*.json{Refused}").Count();

    /// <summary>What was refused is put aside, with the reason beside it, and sent no more.</summary>
    public static void PutAside(string file, string reason)
    {
        File.Move(file, $"{file}{Refused}", overwrite: true);
        File.Delete(TriedFile(file));
        Explain(file, reason);
    }

    /// <returns>Where it lies.</returns>
    public async Task<string> KeepUnsignedAsync(JsonObject incident, string reason, CancellationToken cancellationToken)
    {
        using var alone = await LockAsync(cancellationToken);
        if (CountRefused() >= MaxFiles)
        {
            throw new CliFaultException(ExitCodes.Unreachable, $"{reason} {MaxFiles} reports lie aside in {folder} already.");
        }

        var file = NewFile(Files(), $"{incident["task_id"]}");
        Write($"{file}{Refused}", IncidentSigner.Bytes(incident));
        Explain(file, reason);
        return $"{file}{Refused}";
    }

    /// <summary>What was put aside waits again, in its old place, signed anew: what it was refused for may be in what was signed.</summary>
    /// <exception cref="CliFaultException">It cannot be signed; nothing has changed.</exception>
    public async Task BringBackAsync(PrivateKey key, CancellationToken cancellationToken)
    {
        using var alone = await LockAsync(cancellationToken);
        foreach (var aside in Directory.EnumerateFiles(folder, $"*.json{Refused}").ToList())
        {
            var file = aside[..^Refused.Length];
            if (TryRead(aside) is { } incident)
            {
                incident.Remove("signer");
                incident.Remove("signature");
                incident["cap_id"] = CapEnvironment.CapId;
                IncidentFile.Sign(incident, key);
                Write(file, IncidentSigner.Bytes(incident));
                File.Delete(aside);
            }
            else
            {
                File.Move(aside, file, overwrite: true);
            }

            File.Delete($"{file}.why");
        }
    }

    private static JsonObject? TryRead(string file)
    {
        try
        {
            return IncidentFile.Read(file);
        }
        catch (CliFaultException)
        {
            return null; // no incident: it is put aside again
        }
    }

    private static void Explain(string file, string reason)
    {
        using var why = new StreamWriter($"{file}.why", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly });
        why.WriteLine(Printable.Text(reason));
    }
}
