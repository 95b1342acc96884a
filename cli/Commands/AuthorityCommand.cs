using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CapOrleans.Core.Access;

namespace CapOrleans.Cli.Commands;

/// <summary>Replaces the authority of a cluster's certificates, one step at a time, while the cluster runs.</summary>
internal static class AuthorityCommand
{
    public static Command Create()
    {
        var command = new Command("authority", "Replace the authority of the cluster's certificates (DATA_DIR/cluster-authority.pem): add, switch, drop; docs/trust.md");
        command.Subcommands.Add(Step(
            "add", "Trust a second authority. Copy the file to every machine and restart the silos one after the " +
                "other before the next step",
            authority => authority.Trusted.Count == 1 ? authority.WithNext(TimeProvider.System.GetUtcNow()) : null, "There is a second authority already: switch, then drop."));
        command.Subcommands.Add(Step(
            "switch", "Issue certificates from the second authority from now on", authority => authority.Trusted.Count > 1 ? authority.Switched() : null, "There is only one authority: add one first."));
        command.Subcommands.Add(Step(
            "drop", "Trust only the issuing " +
                "authority", authority => authority.Trusted.Count > 1 ? authority.WithoutOthers() : null, "There is only one authority: nothing to drop."));
        return command;
    }

    /// <param name="step">Returns null when the step does not apply.</param>
    private static Command Step(string name, string description, Func<ClusterAuthority, ClusterAuthority?> step, string refusal)
    {
        var command = new Command(name, description);
        command.SetAction(_ =>
        {
            var file = Path.Combine(CapEnvironment.DataDirectory, "cluster-authority.pem");
            using var changing = PrivateFile.Lock(file);
            PrivateFile.DeleteDrafts(file);
            var next = step(Read(file)) ?? throw new CliFaultException(ExitCodes.Refused, refusal);
            PrivateFile.Replace(file, next.Export());
            var trusted = next.Trusted.Select(certificate => certificate.Subject).ToList();
            return Output.Print(
                new JsonObject { ["file"] = file, ["issues"] = trusted[0], ["trusted"] = new JsonArray([.. trusted.Select(subject => (JsonNode)subject)]) },
                $"{file}: {trusted[0]} issues; trusted: {string.Join(", ", trusted)}");
        });
        return command;
    }

    private static ClusterAuthority Read(string file)
    {
        try
        {
            return ClusterAuthority.Parse(CapEnvironment.Read(file, "a cluster's authority; set DATA_DIR"));
        }
        catch (CryptographicException fault)
        {
            throw new CliFaultException(ExitCodes.Misconfigured, $"{file} does not contain a cluster authority: {fault.Message}");
        }
    }
}
