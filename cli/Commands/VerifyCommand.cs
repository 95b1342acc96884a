using System.CommandLine;
using System.Text.Json.Nodes;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Commands;

internal static class VerifyCommand
{
    public static Command Create()
    {
        var file = SignCommand.FileArgument();
        var command = new Command("verify", "Check an incident's signature against the signer it names. Example: cap verify signed.json") { file };
        command.SetAction(parsed =>
        {
            var report = Signed(IncidentFile.Read(parsed.GetRequiredValue(file)));
            var proof = Prove(report);
            return Output.Print(
                new JsonObject { ["valid"] = true, ["scheme"] = proof.Scheme, ["signer"] = $"{proof.Signer}" },
                proof.Scheme == FullV2.Scheme
                ? $"valid: {proof.Scheme} by {proof.Signer} over every field, on chain {CapEnvironment.ChainId}"
                : $"valid: {proof.Scheme} by {proof.Signer} over task_id, cap_id, agent and timestamp; not over severity, description, f_e, m_e");
        });
        return command;
    }

    public static IncidentReport Signed(JsonObject incident) => incident["signature"] is null
        ? throw new CliFaultException(ExitCodes.Refused, "not valid: it is not signed; see 'cap sign'.")
        : IncidentFile.Check(incident);

    /// <exception cref="CliFaultException">The signature is not from the signer that the incident names.</exception>
    public static Proof Prove(IncidentReport report)
    {
        var (proof, refused) = Admission.Prove(report, new AdmissionPolicy(AcceptUnsigned: false, CapEnvironment.ChainId));
        return proof is null ? throw new CliFaultException(ExitCodes.Refused, $"not valid: {refused!.Refusal!.Field}: {refused.Refusal.Rule}")
            : report.SignerClaimed is null ? throw new CliFaultException(ExitCodes.Refused, $"signed by {proof.Signer}, but the incident names no signer to compare with.")
            : proof;
    }
}
