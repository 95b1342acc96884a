using System.Text.Json.Nodes;
using CapOrleans.Client.Signing;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Hooks;

/// <summary>Reports that a gate refused, or that could not be signed.</summary>
internal sealed partial class HookSpool
{
    private const string Refused = ".refused";

    public int CountRefused() => Directory.EnumerateFiles(folder, $"*.json{Refused}").Count();

    /// <summary>Puts a refused report aside, with the reason in a file beside it; it is no longer sent.</summary>
    public static void PutAside(string file, string reason)
    {
        File.Move(file, $"{file}{Refused}", overwrite: true);
        File.Delete(TriedFile(file));
        Explain(file, reason);
    }

    /// <returns>The path of the file.</returns>
    public async Task<string> KeepUnsignedAsync(JsonObject incident, string reason, CancellationToken cancellationToken)
    {
        using var spoolLock = await LockAsync(cancellationToken);
        if (CountRefused() is var aside && aside >= CapacityFor($"{incident["severity"]}"))
        {
            throw new CliFaultException(ExitCodes.Unreachable, $"{reason} {aside} reports are already put aside in {folder}.");
        }

        var file = NewFile($"{incident["task_id"]}");
        Write($"{file}{Refused}", IncidentSigner.Bytes(incident));
        Explain(file, reason);
        return $"{file}{Refused}";
    }

    /// <summary>
    /// Queues again what was put aside, in its old position and signed again, since the key or the chain may have been
    /// the reason. What was never signed gets this host's CapID and agent. What was signed keeps its CapID, and is left
    /// as it is when that is not this host's.
    /// </summary>
    /// <param name="capId">CapID for all of them, whatever they were signed for; null to keep that.</param>
    public async Task RequeueRefusedAsync(PrivateKey key, string? capId, CancellationToken cancellationToken)
    {
        using var spoolLock = await LockAsync(cancellationToken);
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
                Explain(file, fault.Message); // it stays aside and blocks no other
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
            return null; // not an incident: it is put aside again
        }
    }

    private static void Explain(string file, string reason)
    {
        using var why = new StreamWriter($"{file}.why", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly });
        why.WriteLine(Printable.Text(reason));
    }
}
