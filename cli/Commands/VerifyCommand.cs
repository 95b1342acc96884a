using System.CommandLine;
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
            var report = IncidentFile.Check(IncidentFile.Read(parsed.GetRequiredValue(file)));
            var (proof, refused) = Admission.Prove(report, new AdmissionPolicy(AcceptUnsigned: false, CapEnvironment.ChainId));
            if (proof is null)
            {
                throw new CliFaultException(ExitCodes.Refused, $"not valid: {refused!.Refusal!.Field}: {refused.Refusal.Rule}");
            }

            if (report.SignerClaimed is null)
            {
                throw new CliFaultException(ExitCodes.Refused, $"signed by {proof.Signer}, but the incident names no signer to compare with.");
            }

            Console.WriteLine(proof.Scheme == FullV2.Scheme
                ? $"valid: {proof.Scheme} by {proof.Signer} over every field, on chain {CapEnvironment.ChainId}"
                : $"valid: {proof.Scheme} by {proof.Signer} over task_id, cap_id, agent and timestamp; not over severity, description, f_e, m_e");
            return ExitCodes.Done;
        });
        return command;
    }
}
