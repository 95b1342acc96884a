using System.CommandLine;
using System.CommandLine.Help;
using System.Text;
using System.Text.RegularExpressions;
using CapOrleans.Cli.Commands;
using CapOrleans.Core.AuditLog;

namespace CapOrleans.Tests.House;

/// <summary>Files that are generated from the code, by path.</summary>
internal static partial class ReferencePages
{
    private const int Width = 118;

    private const string Made = "<!-- Made from the code: docs/generate -->\n\n";

    public static IReadOnlyDictionary<string, Func<string>> All { get; } = new Dictionary<string, Func<string>>
    {
        ["docs/cli.md"] = Cli,
        ["docs/events.md"] = Events,
        ["docs/settings.md"] = Settings,
        ["grain-interfaces/OrleansMessages.txt"] = MessageManifest.Make,
    };

    private static string Cli()
    {
        var page = new StringBuilder(Made).Append("# Commands of `cap`\n\n")
            .Append(Wrap(
                "Every command takes `--json` (one JSON object instead of text) and `--help`. Exit status: 0 done, 1 refused or not so, "
                + "2 wrongly asked or set up, 3 no usable answer.", ""))
            .Append('\n');
        Describe(page, CapCommands.Create(), "cap");
        return page.ToString().TrimEnd('\n') + "\n";
    }

    private static void Describe(StringBuilder page, Command command, string name)
    {
        if (command is not RootCommand)
        {
            var arguments = string.Concat(command.Arguments.Select(argument =>
                argument.Arity.MinimumNumberOfValues == 0 ? $" [{argument.Name}]" : $" {argument.Name}"));
            page.Append($"\n## `{name}{arguments}`\n\n{Wrap(command.Description!, "")}\n");
            var rows = command.Arguments.Select(argument => (Name: $"`{argument.Name}`", argument.Description))
                .Concat(command.Options.Where(option => option is not HelpOption && !option.Hidden)
                    .Select(option => (Name: Name(option), option.Description)))
                .Where(row => row.Description is { Length: > 0 }).ToList();
            page.Append(rows.Count == 0 ? "" : "\n");
            rows.ForEach(row => page.Append($"{Wrap($"* {row.Name}: {row.Description}", "  ")}\n"));
        }

        foreach (var below in command.Subcommands.Where(below => !below.Hidden))
        {
            Describe(page, below, $"{name} {below.Name}");
        }
    }

    private static string Name(Option option) =>
        string.Join(", ", new[] { option.Name }.Concat(option.Aliases.Where(alias => alias != option.Name)).Select(alias => $"`{alias}`"))
        + (option.Required ? " (required)" : "");

    private static string Events()
    {
        var page = new StringBuilder(Made).Append("# Entries of the log\n\n")
            .Append(Wrap(
                "An entry is canonical JSON (RFC 8785) with `at`, `body`, `kind` and `origin`; see [protocol.md](protocol.md). Decimals are "
                + "strings, times ISO 8601 in UTC. A member with a question mark is not in each entry of its kind; the others are null "
                + "where there is nothing to say.", ""))
            .Append('\n');
        foreach (var meaning in EntryMeanings.All)
        {
            var members = string.Join(' ', meaning.Members.Split(' ').Select(member => member.EndsWith('?') ? $"`{member[..^1]}`?" : $"`{member}`"));
            page.Append($"\n## `{meaning.Kind}`\n\n{Wrap(meaning.Meaning, "")}\n\n{Wrap(members, "")}\n");
        }

        return page.ToString();
    }

    private static string Settings()
    {
        var page = new StringBuilder(Made).Append("# Settings\n\n")
            .Append(Wrap(
                "Set in the environment, or in a `.env` as [.env.example](../.env.example) says; where both say something, the environment "
                + "counts, even with an empty value. What stands behind the name is the default; where there is none, it is not set.", ""))
            .Append('\n');
        var comment = new List<string>();
        foreach (var line in File.ReadLines(Repository.File(".env.example")).SkipWhile(line => line.Length > 0))
        {
            if (Section().Match(line) is { Success: true } section)
            {
                page.Append($"\n## {section.Groups[1].Value}\n");
                comment = section.Groups[2].Value.Trim() is { Length: > 0 } more ? [more] : [];
            }
            else if (Setting().Match(line) is { Success: true } setting)
            {
                var (name, value) = (setting.Groups[2].Value, setting.Groups[3].Value);
                page.Append(comment.Count > 0 ? $"\n{Wrap(string.Join(' ', comment), "")}\n\n" : "");
                var what = setting.Groups[1].Length > 0 ? "for example or by default " : "";
                page.Append(value.Length > 0 ? $"* `{name}`: {what}`{value}`\n" : $"* `{name}`\n");
                comment = [];
            }
            else if (line.StartsWith("# ", StringComparison.Ordinal))
            {
                comment.Add(line[2..].Trim());
            }
        }

        return page.ToString();
    }

    private static string Wrap(string text, string indent)
    {
        var (wrapped, column) = (new StringBuilder(), 0);
        foreach (var word in text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (column > 0 && column + 1 + word.Length > Width)
            {
                wrapped.Append('\n').Append(indent);
                column = indent.Length;
            }
            else if (column > 0)
            {
                wrapped.Append(' ');
                column++;
            }

            wrapped.Append(word);
            column += word.Length;
        }

        return wrapped.ToString();
    }

    [GeneratedRegex(@"^# --- ([^.]+)\.(.*)$")]
    private static partial Regex Section();

    [GeneratedRegex("^(# )?([A-Za-z_][A-Za-z0-9_]*)=(.*)$")]
    private static partial Regex Setting();
}
