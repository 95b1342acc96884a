using System.CommandLine;

namespace CapOrleans.Cli.Commands;

internal static class SignCommand
{
    public static Argument<string> FileArgument() => new("FILE") { Description = "The incident as a JSON object; - for standard input" };

    public static Option<string?> KeyOption() => new("--key") { Description = "File with the private key; default DATA_DIR/identity.key" };

    public static Command Create()
    {
        var (file, key) = (FileArgument(), KeyOption());
        var command = new Command("sign", "Complete and sign an incident, and print it. Example: cap sign incident.json > signed.json") { file, key };
        command.SetAction(parsed =>
        {
            var incident = IncidentFile.Read(parsed.GetRequiredValue(file));
            IncidentFile.Sign(incident, CapEnvironment.Key(parsed.GetValue(key)));
            Console.WriteLine(IncidentFile.Text(incident));
            return ExitCodes.Done;
        });
        return command;
    }
}
