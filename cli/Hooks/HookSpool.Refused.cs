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
        if (CountRefused() is var aside && aside >= PlacesFor($"{incident["severity"]}"))
        {
            throw new CliFaultException(ExitCodes.Unreachable, $"{reason} {aside} reports lie aside in {folder} already.");
        }

        var file = NewFile($"{incident["task_id"]}");
        Write($"{file}{Refused}", IncidentSigner.Bytes(incident));
        Explain(file, reason);
        return $"{file}{Refused}";
    }

    /// <summary>
    /// What was put aside waits again, in its old place, signed anew: what it was refused for may be the key or the chain. What was never
    /// signed is this CapID's and agent's; what was signed stays with its CapID, and as it is when that is another.
    /// </summary>
    /// <param name="capId">Whose all of it is, whatever it was signed for; null for what it was signed for.</param>
    public async Task BringBackAsync(PrivateKey key, string? capId, CancellationToken cancellationToken)
    {
        using var alone = await LockAsync(cancellationToken);
        foreach (var aside in Directory.EnumerateFiles(folder, $"*.json{Refused}").Order(StringComparer.Ordinal).ToList())
        {
            var file = aside[..^Refused.Length];
            try
            {
                if (TryRead(aside) is { } incident
                    && (capId is not null || incident["signature"] is null || $"{incident["cap_id"]}" == CapEnvironment.CapId))
                {
                    Write(file, SignAgain(incident, key, capId));
                    File.Delete(aside);
                }
                else
                {
                    File.Move(aside, file, overwrite: true);
                }

                File.Delete($"{file}.why");
            }
            catch (CliFaultException fault)
            {
                Explain(file, fault.Message); // it stays aside, and holds up no other
            }
        }
    }

    private static byte[] SignAgain(JsonObject incident, PrivateKey key, string? capId)
    {
        if (incident["signature"] is null)
        {
            (incident["cap_id"], incident["agent"]) = (CapEnvironment.CapId, CapEnvironment.AgentId);
        }

        incident["cap_id"] = capId ?? $"{incident["cap_id"]}";

        incident.Remove("signer");
        incident.Remove("signature");
        IncidentFile.Sign(incident, key);
        return IncidentSigner.Bytes(incident);
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
