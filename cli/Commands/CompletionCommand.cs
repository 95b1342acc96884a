using System.CommandLine;

namespace CapOrleans.Cli.Commands;

/// <summary>Prints completion scripts for shells; they ask the command itself for suggestions.</summary>
internal static class CompletionCommand
{
    private const string Bash =
        """
        _cap() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _cap cap
        """;

    private const string Zsh =
        """
        #compdef cap
        _cap() {
          local -a found
          found=(${(f)"$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)"})
          compadd -- $found || _files
        }
        compdef _cap cap
        """;

    private const string Fish =
        """
        function __cap_complete
          set -l line (commandline -cp)
          cap "[suggest:"(string length -- $line)"]" "$line" 2>/dev/null
        end
        complete -c cap -a '(__cap_complete)'
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a script that makes a shell complete this command. Example: cap completion bash > /etc/bash_completion.d/cap") { shell };
        command.SetAction(parsed =>
        {
            Console.WriteLine(parsed.GetRequiredValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return ExitCodes.Done;
        });
        return command;
    }
}
