using System.CommandLine;
using System.CommandLine.Parsing;
using CapOrleans.Core.Settings;

namespace CapOrleans.Cli;

/// <summary>
/// Describes what is wrong with a command line: the word at fault, what is expected, and where the help for it is.
/// </summary>
internal static class ParseFault
{
    public static string Of(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        return $"{Message(parsed, command)} See {PathOf(parsed.CommandResult)} --help";
    }

    private static string Message(ParseResult parsed, Command command)
    {
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [var unknown, ..])
        {
            var known = command.Subcommands.Select(other => other.Name).ToList();
            return $"'{unknown}' is not a command of {PathOf(parsed.CommandResult)}; did you mean '{NearestName.Of(unknown, known)}'?";
        }

        if (parsed.UnmatchedTokens is [var extra, ..])
        {
            var typed = command.Arguments.Select(argument => Words(argument.ValueType) is { } words ? $"; {argument.Name} takes {words}"
                : "");
            return $"'{extra}' is not expected here{string.Concat(typed)}.";
        }

        var error = parsed.Errors.FirstOrDefault(fault => fault.SymbolResult is OptionResult or ArgumentResult) ?? parsed.Errors[0];
        return TypeOf(error.SymbolResult) is { } type && Words(type) is { } wanted && error.Message.Contains("expected type",
            StringComparison.Ordinal)
            ? $"{NameOf(error.SymbolResult)} takes {wanted}, not '{string.Join(' ', TokensOf(error.SymbolResult))}'."
            : $"{error.Message.TrimEnd('.')}.";
    }

    private static string PathOf(CommandResult command) => command.Parent is CommandResult parent
        ? $"{PathOf(parent)} {command.Command.Name}" : "cap";

    private static Type? TypeOf(SymbolResult? symbol) => symbol switch
    {
        OptionResult option => option.Option.ValueType,
        ArgumentResult { Parent: OptionResult option } => option.Option.ValueType,
        ArgumentResult argument => argument.Argument.ValueType,
        _ => null,
    };

    private static string NameOf(SymbolResult? symbol) => symbol switch
    {
        OptionResult option => option.Option.Name,
        ArgumentResult { Parent: OptionResult option } => option.Option.Name,
        ArgumentResult argument => argument.Argument.Name,
        _ => "It",
    };

    private static IEnumerable<string> TokensOf(SymbolResult? symbol) => symbol is null ? [] : symbol.Tokens.Select(token => token.Value);

    private static string? Words(Type type)
    {
        type = type.IsArray ? type.GetElementType()! : type;
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(DateTimeOffset) ? "a time such as 2026-11-28T10:00:00Z"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(decimal) || type == typeof(double) ? "a number"
            : type == typeof(bool) ? "true or false"
            : null;
    }
}
