using System.CommandLine;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// The arguments of <c>cap hook run</c>, parsed like those of env, timeout and nice: options end at the first word that
/// is not one, and everything after that is the command. The command runs even when an option is invalid.
/// </summary>
/// <param name="Words">Arguments for the parser.</param>
/// <param name="Ignored">Options that cannot be used, with their values.</param>
internal sealed record RunArguments(string[] Words, IReadOnlyList<string> Ignored)
{
    private const string End = "--";

    /// <param name="isValid">Whether the parser accepts these words.</param>
    /// <returns>Null for any other command, and when there is no command to run.</returns>
    /// <exception cref="CliFaultException">An option is unknown, so it is unclear where the command begins.</exception>
    public static RunArguments? Read(Command root, string[] words, Func<string[], bool> isValid)
    {
        if (IndexAfterHookRun(root, words) is not { } start)
        {
            return null;
        }

        var run = root.Subcommands.Single(command => command.Name == "hook").Subcommands.Single(command => command.Name == "run");
        Option[] known = [.. run.Options, .. root.Options.Where(option => option.Recursive)];
        List<string> own = [.. words[..start]], ignored = [];
        var at = start;
        while (at < words.Length && IsOption(words[at]))
        {
            var option = Array.Find(known, option => IsNamed(option, words[at]));
            var end = at + 1;
            var mayTakeValue = words[at].IndexOfAny(['=', ':']) < 0 && end < words.Length && words[end] != End;
            if (option is not null && mayTakeValue && option.Arity.MinimumNumberOfValues > 0
                && !Array.Exists(known, other => IsNamed(other, words[end])))
            {
                end++;
            }
            else if (option is null)
            {
                end += mayTakeValue && !IsOption(words[end]) ? 1 : 0;
                var isClear = end < words.Length && (words[end] == End || Array.Exists(known, other => IsNamed(other, words[end])));
                if (!isClear)
                {
                    throw new CliFaultException(ExitCodes.NotRun, $"'{words[at]}' is not an option of cap hook run; if it belongs to the " +
                        "command, put -- before the command. See cap hook run --help");
                }
            }

            var group = words[at..end];
            (option is not null && isValid([.. own, .. group, End, "true"]) ? own : ignored).AddRange(group);
            at = end;
        }

        var command = at < words.Length && words[at] == End ? words[(at + 1)..] : words[at..];
        return command.Length == 0 ? null : new RunArguments([.. own, End, .. command], ignored);
    }

    /// <returns>Index of the word after <c>hook run</c>; null for any other command.</returns>
    private static int? IndexAfterHookRun(Command root, string[] words)
    {
        var isInHook = false;
        for (var i = 0; i < words.Length; i++)
        {
            if (isInHook && words[i] == "run")
            {
                return i + 1;
            }

            if (!isInHook && words[i] == "hook")
            {
                isInHook = true;
            }
            else if (!root.Options.Any(option => option.Recursive && IsNamed(option, words[i])))
            {
                return null;
            }
        }

        return null;
    }

    private static bool IsOption(string word) => word is ['-', _, ..] and not End;

    private static bool IsNamed(Option option, string word)
    {
        var name = word.IndexOfAny(['=', ':']) is > 0 and var end ? word[..end] : word;
        return option.Name == name || option.Aliases.Contains(name);
    }
}
