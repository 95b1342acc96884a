using System.CommandLine;
using System.Globalization;
using CapOrleans.Cli.Hooks;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Cli.Commands;

/// <summary>Options for the reports of a hook.</summary>
internal sealed class HookOptions
{
    private readonly Option<string?> name = new("--name")
    {
        Description = "What failed; the incident's id begins with it; default the command's name",
    };

    private readonly Option<string> severity = HookCommand.SeverityOption();

    private readonly Option<decimal?> feedback = new("--f-e")
    {
        Description = "The feedback F_E of the incident, from 0 to 1, which raises the score; default none",
    };

    private readonly Option<decimal?> misuse = new("--m-e")
    {
        Description = "The misuse M_E of the incident, from 0 to 1, which lowers the score; default none",
    };

    private readonly Option<string?> key = SignCommand.KeyOption();

    private readonly Option<bool> include = new("--include-command")
    {
        Description = "Put the whole command line into the incident, not only the program's name; usual forms of secrets are masked",
    };

    /// <param name="runs">Whether it runs a command, which may be given a name.</param>
    public void AddTo(Command command, bool runs)
    {
        foreach (var option in (Option<decimal?>[])[feedback, misuse])
        {
            option.Validators.Add(result =>
            {
                if (result.Tokens is [{ Value: var text }] && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture,
                    out var value)
                    && value is < 0 or > 1)
                {
                    result.AddError($"{option.Name} is {text}: choose a number from 0 to 1.");
                }
            });
        }

        Option[] options = runs ? [name, severity, feedback, misuse, key, include] : [severity, feedback, misuse, key];
        Array.ForEach(options, command.Options.Add);
    }

    public string? Name(ParseResult parsed) => parsed.GetValue(name);

    public Weight Weight(ParseResult parsed) => new(parsed.GetValue(severity)!, parsed.GetValue(feedback), parsed.GetValue(misuse));

    /// <exception cref="CliFaultException">There is no usable key.</exception>
    public PrivateKey Key(ParseResult parsed) => CapEnvironment.Key(parsed.GetValue(key));

    public bool IncludesCommand(ParseResult parsed) => parsed.GetValue(include);
}
