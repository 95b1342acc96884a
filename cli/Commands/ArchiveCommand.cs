using System.CommandLine;
using System.Text.Json.Nodes;

namespace CapOrleans.Cli.Commands;

internal static class ArchiveCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A JSON file; with --check, an archived one" };
        var check = new Option<bool>("--check") { Description = "Compare the hash in the archive with its content" };
        var command = new Command("archive", "Write X_archived.json beside X.json, in the legacy format. Example: cap archive incident.json; cap archive --check incident_archived.json") { file, check };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(file);
            if (parsed.GetValue(check))
            {
                ArchiveFile.Check(path);
                return Output.Print(new JsonObject { ["file"] = path, ["valid"] = true }, $"{path}: the content has the hash that its metadata names");
            }

            var archive = ArchiveFile.Write(path, TimeProvider.System.GetUtcNow());
            return Output.Print(new JsonObject { ["file"] = archive }, archive);
        });
        return command;
    }
}
